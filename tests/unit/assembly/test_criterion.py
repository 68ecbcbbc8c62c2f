"""The terms of the loss and what switches them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from spotvmr.assembly import Criterion, SystemOutput, build_criterion
from spotvmr.assembly.builders import build_model
from spotvmr.config import Config, DistillConfig
from spotvmr.config.schema.losses import LossConfig
from spotvmr.config.schema.models import VslNetConfig
from spotvmr.errors import UserError
from spotvmr.models import VmrOutput
from spotvmr.selection import Selection
from spotvmr.types.batches import TargetBatch

B, T = 2, 6
OWN = """
from torch import nn
class Mine(nn.Module):
    def forward(self, *_): return 1.0
"""


def output(seed: int) -> VmrOutput:
    generator = torch.Generator().manual_seed(seed)
    heads = {name: torch.randn(B, T, generator=generator) for name in ("start", "end")}
    heads |= {name: torch.rand(B, T, generator=generator) for name in ("start_offset", "end_offset")}
    mask = torch.ones(B, T, dtype=torch.bool)
    return VmrOutput(torch.randn(B, T, 4, generator=generator), torch.randn(B, T, generator=generator), heads, mask)


def student(scores: bool = True) -> SystemOutput:
    step = torch.zeros(B, T, dtype=torch.bool)
    step[:, 0] = True
    rounds = (torch.zeros(B, T), torch.ones(B, T)) if scores else ()
    picks = (step, torch.zeros_like(step)) if scores else (step,)
    return SystemOutput(Selection(step, step.float(), torch.zeros(B, T, 3), picks, rounds), output(0))


def criterion(weights: DistillConfig) -> Criterion:
    return build_criterion(Config(distill=weights), build_model(VslNetConfig(), 6, 5, 4))


def target() -> TargetBatch:
    inside = torch.zeros(B, T)
    inside[:, 2:4] = 1
    return TargetBatch(torch.tensor([[2.0, 4.0]] * B), inside, torch.zeros(B, T, dtype=torch.bool))


def test_a_teacher_adds_its_terms_and_weights_scale_them() -> None:
    plain = criterion(DistillConfig())(student(), target(), output(1))
    double = criterion(DistillConfig(heads=2.0))(student(), target(), output(1))
    names = {"span", "highlight", "offset", "distill_heads", "distill_fused", "distill_highlight", "selection"}
    assert set(plain) == names
    torch.testing.assert_close(double["distill_heads"], 2 * plain["distill_heads"])


def test_without_a_teacher_and_without_scores_only_the_truth_speaks() -> None:
    terms = criterion(DistillConfig())(student(scores=False), target(), None)
    assert set(terms) == {"span", "highlight", "offset"}


def test_zero_weights_leave_terms_out() -> None:
    off = DistillConfig(heads=0.0, fused=0.0, highlight=0.0, selection=0.0)
    assert set(criterion(off)(student(), target(), output(1))) == {"span", "highlight", "offset"}


def test_a_student_that_is_its_teacher_has_nothing_to_learn_from_it() -> None:
    terms = criterion(DistillConfig())(student(), target(), output(0))
    assert terms["distill_fused"].item() == 0.0
    assert abs(terms["distill_heads"].item()) < 1e-6


def test_later_steps_are_not_judged_by_clips_that_left_the_pool() -> None:
    inside = torch.zeros(B, T)
    inside[:, 0] = 1  # the only true clip is taken in the first step
    taken = TargetBatch(torch.tensor([[0.0, 1.0]] * B), inside, torch.zeros(B, T, dtype=torch.bool))
    only = DistillConfig(heads=0.0, fused=0.0, highlight=0.0)
    terms = criterion(only)(student(), taken, None)
    # First step: log 6 over equal scores; the second has nothing left to find and counts as 0.
    torch.testing.assert_close(terms["selection"], torch.log(torch.tensor(6.0)) / 2)


def test_an_additional_loss_must_not_take_the_name_of_another(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OWN)
    target_of = f"{tmp_path}/mine.py:Mine"
    model = build_model(VslNetConfig(), 6, 5, 4)
    added = build_criterion(Config(losses={"mine": LossConfig(target=target_of, weight=0.5)}), model)
    assert added(student(), target(), None)["mine"] == 0.5
    taken = build_criterion(Config(losses={"highlight": LossConfig(target=target_of)}), model)
    with pytest.raises(UserError, match=r"losses\.highlight: the training has a loss of that name"):
        taken(student(), target(), None)
