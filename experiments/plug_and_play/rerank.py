"""Compare weights of the spotter's scores in the ranking of moments: ``rerank.py RUN …``.

Evaluates each trained run on the validation split at several budgets, ranks the moments with several weights, and
writes ``rerank.json`` here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from spotvmr.config import load
from spotvmr.evaluation.evaluate import evaluate
from spotvmr.evaluation.inference import fixed_budget
from spotvmr.metrics import GroundingMetrics
from spotvmr.models import rerank
from spotvmr.pipeline.evaluate_run import EvalRequest, open_run
from spotvmr.system.files import write_text_atomic
from spotvmr.types.environment import origin

BUDGETS = (0.025, 0.05, 0.1, 0.25)
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0)


def rows_of(run: Path) -> Iterator[dict[str, Any]]:
    """Recall of one run at each budget with each weight."""
    data, system = open_run(run, load(run / "config.yaml"), EvalRequest("val"))
    system.rerank = 0.0
    config, queries = data.config, data.splits["val"]
    for budget in BUDGETS:
        found = evaluate(system, data, queries, fixed_budget(budget), config.trainer.batch_size)
        recall = {}
        for weight in WEIGHTS:
            ranked = [
                rerank(answer.moments, torch.stack(found.scores[answer.qid]).mean(0), config.dataset.clip_s, weight)
                for answer in found.predictions
            ]
            metric = GroundingMetrics()
            metric.update([q.qid for q in queries], ranked, [q.moments for q in queries])
            recall[f"{weight:g}"] = metric.compute()["R1@0.3"]
        yield {"model": config.model.name, "seed": config.seed, "budget": budget, "R1@0.3": recall}


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
        "mean": {f"{weight:g}": mean(row["R1@0.3"][f"{weight:g}"] for row in rows) for weight in WEIGHTS},
    }
    write_text_atomic(Path(__file__).with_name("rerank.json"), json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
