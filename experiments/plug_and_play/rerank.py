"""How much say the spotter's scores should have in the ranking of moments: ``rerank.py RUN …``.

Asks each trained run the validation split at several budgets and ranks what its model found under several weights;
``rerank.json`` is written here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from spotvmr.pipeline.rescore import Question, open_run

from spotvmr.config import load
from spotvmr.evaluation.evaluate import evaluate
from spotvmr.evaluation.inference import fixed_budget
from spotvmr.metrics import GroundingMetrics
from spotvmr.models import rerank
from spotvmr.system.files import write_text_atomic
from spotvmr.types.environment import origin

BUDGETS = (0.025, 0.05, 0.1, 0.25)
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0)


def rows_of(run: Path) -> Iterator[dict[str, Any]]:
    """Recall of one run at each budget under each weight."""
    bench, system = open_run(run, load(run / "config.yaml"), Question("val"))
    system.rerank = 0.0
    config, queries = bench.config, bench.splits["val"]
    for budget in BUDGETS:
        found = evaluate(system, bench, queries, fixed_budget(budget), config.trainer.batch_size)
        recall = {}
        for weight in WEIGHTS:
            ranked = [
                rerank(told.moments, torch.stack(found.scores[told.qid]).mean(0), config.dataset.clip_s, weight)
                for told in found.predictions
            ]
            metric = GroundingMetrics()
            metric.update([q.qid for q in queries], ranked, [q.moments for q in queries])
            recall[f"{weight:g}"] = metric.compute()["R1@0.3"]
        yield {"model": config.model.name, "seed": config.seed, "budget": budget, "R1@0.3": recall}


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
        "mean": {f"{weight:g}": mean(row["R1@0.3"][f"{weight:g}"] for row in rows) for weight in WEIGHTS},
    }
    write_text_atomic(Path(__file__).with_name("rerank.json"), json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main([Path(word) for word in sys.argv[1:]])
