"""Compare numbers of steps of a spotter: ``steps.py RUN …``.

Evaluates each trained run on the validation split with several numbers of steps and writes ``steps.json`` here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from spotvmr.config import load
from spotvmr.evaluation.evaluate import evaluate
from spotvmr.evaluation.inference import fixed_budget
from spotvmr.pipeline.evaluate_run import EvalRequest, open_run
from spotvmr.system.files import write_text_atomic
from spotvmr.types.environment import origin

BUDGETS = (0.025, 0.05, 0.1)
STEPS = (3, 6)


def rows_of(run: Path) -> Iterator[dict[str, Any]]:
    """Recall and ground-truth clip recall of one run at each budget with each number of steps."""
    config = load(run / "config.yaml")
    for steps in STEPS:
        changed = replace(config, selector=replace(config.selector, steps=steps))
        data, system = open_run(run, changed, EvalRequest("val"))
        for budget in BUDGETS:
            found = evaluate(system, data, data.splits["val"], fixed_budget(budget), config.trainer.batch_size)
            yield {
                "model": config.model.name,
                "seed": config.seed,
                "steps": steps,
                "budget": budget,
                "R1@0.3": found.grounding.compute()["R1@0.3"],
                "gt_clip_recall": found.selection.compute()["gt_clip_recall"],
            }


def main(runs: list[Path]) -> None:
    """Evaluate every run and write the rows."""
    rows = []
    for run in runs:
        for row in rows_of(run):
            rows.append(row)
            print(json.dumps(row), flush=True)
    record = {
        **origin("python", sys.argv[0]),
        "split": "val",
        "rows": rows,
    }
    write_text_atomic(Path(__file__).with_name("steps.json"), json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
