"""In how many steps a spotter should ask: ``steps.py RUN …``.

Asks each trained run the validation split in several numbers of steps; ``steps.json`` is written here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from spotvmr.pipeline.rescore import Question, open_run

from spotvmr.config import load
from spotvmr.evaluation.evaluate import evaluate
from spotvmr.evaluation.inference import fixed_budget
from spotvmr.system.files import write_text_atomic
from spotvmr.types.environment import origin

BUDGETS = (0.025, 0.05, 0.1)
STEPS = (3, 6)


def rows_of(run: Path) -> Iterator[dict[str, Any]]:
    """Recall of one run, and the share of true clips it chose, at each budget in each number of steps."""
    config = load(run / "config.yaml")
    for steps in STEPS:
        asked = replace(config, selector=replace(config.selector, steps=steps))
        bench, system = open_run(run, asked, Question("val"))
        for budget in BUDGETS:
            found = evaluate(system, bench, bench.splits["val"], fixed_budget(budget), config.trainer.batch_size)
            yield {
                "model": config.model.name,
                "seed": config.seed,
                "steps": steps,
                "budget": budget,
                "R1@0.3": found.grounding.compute()["R1@0.3"],
                "gt_clip_recall": found.selection.compute()["gt_clip_recall"],
            }


def main(runs: list[Path]) -> None:
    """Ask every run."""
    rows = []
    for run in runs:
        for row in rows_of(run):
            rows.append(row)
            print(json.dumps(row), flush=True)
    told = {
        **origin("python", sys.argv[0]),
        "split": "val",
        "rows": rows,
    }
    write_text_atomic(Path(__file__).with_name("steps.json"), json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
