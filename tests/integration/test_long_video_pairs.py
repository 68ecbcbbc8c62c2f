"""The comparison of the long-video experiment pairs runs of the same seed and the same budget."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spotvmr.benchmarks.recall.curves import Scored

PAIRED = runpy.run_path(str(Path(__file__).resolve().parents[2] / "experiments/long_video/paired.py"))


def scored(selector: str, seed: int, budget: float, hits: list[float]) -> Scored:
    """As read from a run, which is named after its folder and not after its arm."""
    record = SimpleNamespace(selector=selector, budget=budget)
    return Scored(f"{selector}-s{seed}", seed, record, np.array(hits))  # type: ignore[arg-type]


def test_the_spotter_is_set_against_the_teachers_of_its_own_seeds() -> None:
    runs = [
        scored("all", 0, 1.0, [0, 0, 0, 0]),
        scored("all", 1, 1.0, [1, 1, 0, 0]),
        scored("all", 2, 1.0, [1, 1, 1, 1]),  # of a seed without a spotter
        scored("spotter", 0, 0.01, [1, 1, 1, 0]),
        scored("spotter", 1, 0.01, [1, 1, 0, 1]),
        scored("spotter", 0, 0.025, [1, 1, 1, 1]),
        scored("one_shot", 0, 0.01, [0, 0, 0, 0]),
    ]
    found = PAIRED["against_teachers"]([PAIRED["named"](run) for run in runs])
    assert [(budget, gain["mean"]) for budget, gain in found] == [
        (0.01, pytest.approx(0.5)),
        (0.025, pytest.approx(1.0)),
    ]
