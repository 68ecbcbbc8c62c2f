"""The spotter minus each baseline and its teachers on 60 min videos: ``python experiments/long_video/paired.py``.

Reads records and predictions in ``runs/long_video``, where ``run.sh`` writes them, and writes ``table.json`` here in
the format of ``spotvmr bench``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from spotvmr.benchmarks.recall.areas import leads
from spotvmr.benchmarks.recall.curves import Scored, read_one, rows
from spotvmr.metrics import paired_difference
from spotvmr.system.files import write_text_atomic
from spotvmr.types.environment import origin

RUNS = Path("runs/long_video")


def main() -> None:
    """Compare the runs, print the differences and write them."""
    scored = with_teachers([named(read_one(path)) for path in sorted(RUNS.glob("*/record.json"))])
    gains = [(name, budget, asdict(gain)) for name, budget, gain in leads(scored, ("one_shot", "similarity"))]
    gains += [("teacher", budget, gain) for budget, gain in against_teachers(scored)]
    table = {
        **origin("python", sys.argv[0]),
        "rows": [asdict(row) for row in rows(scored)],
        "leads": [{"rival": name, "budget": budget, **gain} for name, budget, gain in gains],
    }
    for name, budget, gain in gains:
        print(f"spotter - {name} at {100 * budget:g} %: {gain['mean']:+.3f} [{gain['low']:+.3f}, {gain['high']:+.3f}]")
    path = Path(__file__).with_name("table.json")
    write_text_atomic(path, json.dumps(table, indent=1) + "\n")
    print(f"rows and differences: {path}")


def named(one: Scored) -> Scored:
    """The record named after its selector: records of ``evaluate`` have the name of their run."""
    selector = one.record.selector
    return replace(one, arm="teacher" if selector == "all" else selector)


def with_teachers(scored: Sequence[Scored]) -> list[Scored]:
    """Each record with the score of the teacher of its seed."""
    scores = {one.seed: float(one.hits.mean()) for one in scored if one.arm == "teacher"}
    return [replace(one, teacher_score=scores.get(one.seed)) for one in scored]


def against_teachers(scored: Sequence[Scored]) -> list[tuple[float, dict[str, Any]]]:
    """At each budget the spotters minus the teachers of the same seeds, which have every clip."""
    teachers = {one.seed: one.hits for one in scored if one.arm == "teacher"}
    found = []
    for budget in sorted({one.record.budget for one in scored if one.arm == "spotter"}):
        ours = {one.seed: one.hits for one in scored if (one.arm, one.record.budget) == ("spotter", budget)}
        seeds = sorted(ours.keys() & teachers.keys())
        both = (np.mean([hits[seed] for seed in seeds], 0) for hits in (ours, teachers))
        found.append((budget, asdict(paired_difference(*both))))
    return found


if __name__ == "__main__":
    main()
