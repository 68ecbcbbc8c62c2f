"""Every selector and every configuration trains and leaves a record."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from spotvmr.config import compose
from spotvmr.config.folders import choices
from spotvmr.engine.fit import read_checkpoint
from spotvmr.engine.pipeline import train


@pytest.mark.parametrize("arm", choices("selector"))
def test_every_arm_runs(arm: str, small: list[str]) -> None:
    done = train(compose([*small, f"selector={arm}", f"name=arm-{arm}"]))
    assert done is not None
    assert done.student.selector == arm
    spent = done.student.selection.fraction_max
    if arm == "spotter_gumbel":  # its budget is soft: the record says what was realised
        assert spent is not None
        assert 0 <= spent <= 1
    else:
        assert spent == pytest.approx({"all": 1.0, "none": 0.0}.get(arm, 0.1))
    with (done.folder / "curves" / "metrics.csv").open(newline="") as file:
        two_budgets = "val/any_budget" in (csv.DictReader(file).fieldnames or [])
    # The first two choose the same whatever the budget; of the third the last epoch is kept.
    assert two_budgets == (arm not in ("all", "none", "spotter_gumbel"))


def test_a_soft_budget_is_learnt_to_the_last_epoch(small: list[str]) -> None:
    epochs = ["trainer.student_epochs=3", "trainer.patience=1"]
    done = train(compose([*small, *epochs, "selector=spotter_gumbel", "name=arm-last"]))
    assert done is not None
    assert read_checkpoint(done.folder / "checkpoints" / "best.ckpt")["epoch"] == 2


def test_without_distillation_there_is_no_teacher_term(small: list[str]) -> None:
    done = train(compose([*small, "distill=none", "name=alone"]))
    assert done is not None
    header = next(Path(done.folder).rglob("metrics.csv")).read_text().splitlines()[0]
    assert "distill" not in header
    assert "train/span" in header
