"""Every selector and every configuration trains and leaves a record."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from spotvmr.config import compose
from spotvmr.config.folders import choices
from spotvmr.pipeline.folders import WEIGHTS
from spotvmr.pipeline.train import train
from spotvmr.training.fit import read_checkpoint


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


def test_a_student_from_scratch_without_distillation_owes_its_teacher_nothing(small: list[str]) -> None:
    def learnt(name: str, start: str, teacher_epochs: int) -> Path:
        alone = ["distill=none", f"distill.start={start}", f"trainer.teacher_epochs={teacher_epochs}"]
        done = train(compose([*small, *alone, f"name={name}"]))
        assert done is not None
        return done.folder

    runs = learnt("scratch", "scratch", 1), learnt("scratch-other", "scratch", 2), learnt("follower", "teacher", 1)
    one, other, follower = (load_file(folder / WEIGHTS) for folder in runs)
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not all(torch.equal(one[name], follower[name]) for name in one)
    header = (runs[-1] / "curves" / "metrics.csv").read_text().splitlines()[0]
    assert "distill" not in header
    assert "train/span" in header
