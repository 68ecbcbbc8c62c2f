"""Run records to make reports from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spotvmr.types.record import Cost, Hardware, RunRecord, SelectionSummary


def _make(
    name: str = "run", selector: str = "spotter", budget: float = 0.1, score: float = 0.5, gflops: float = 250.0,
    source: str = "measured", **more: Any,
) -> RunRecord:  # fmt: skip
    values: dict[str, Any] = {
        "name": name,
        "created": "2026-01-02T03:04:05+00:00",
        "git": "",
        "command": "spotvmr train",
        "seed": 0,
        "dataset": "demo",
        "split": "test",
        "n_queries": 600,
        "n_videos": 40,
        "hours": 5.33,
        "iou_rule": ">=",
        "model": "vslnet",
        "selector": selector,
        "budget": budget,
        "metrics": {"R1@0.3": score, "R1@0.5": score - 0.05, "R5@0.3": score + 0.1, "mIoU": score - 0.1},
        "ci95": {"R1@0.3": (score - 0.04, score + 0.03)},
        "selection": SelectionSummary(budget, budget, budget, 0.75),
        "cost": Cost(
            queries_per_video=15,
            stages={"decode": {"seconds": 60.0, "frames": 10}, "model": {"gflops": 1.0, "seconds": 240.0}},
            gflops_per_query={"q1": gflops, "q10": gflops / 2, "all": gflops / 4},
            dense_gflops_per_query={"q1": 2000.0, "q10": 1000.0, "all": 500.0},
            ratio_to_dense={"q1": gflops / 2000, "q10": gflops / 2000, "all": gflops / 2000},
            source=source,
        ),
        "hardware": Hardware("Some CPU", 2),
        "versions": {},
        "config": {},
    }
    return RunRecord(**(values | more))


@pytest.fixture
def make_record() -> Callable[..., RunRecord]:
    return _make
