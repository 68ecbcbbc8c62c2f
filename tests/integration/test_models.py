"""Every model trains behind the spotter."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotvmr.config import compose
from spotvmr.config.folders import choices
from spotvmr.pipeline.train import train


@pytest.mark.parametrize("model", choices("model"))
def test_every_model_trains_behind_the_spotter(model: str, small: list[str]) -> None:
    done = train(compose([f"model={model}", *small, f"name=model-{model}"]))
    assert done is not None
    assert (done.teacher.model, done.student.model) == (model, model)
    assert done.student.selection.fraction_max == pytest.approx(0.1)
    header = next(Path(done.folder).rglob("metrics.csv")).read_text().splitlines()[0].split(",")
    assert {f"train/{term}" for term in ("distill_heads", "distill_fused", "highlight", "selection")} <= set(header)
