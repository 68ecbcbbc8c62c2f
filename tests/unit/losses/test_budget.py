"""The soft budget's loss against numbers worked out by hand."""

from __future__ import annotations

import pytest
import torch

from spotvmr.losses import budget_loss


def test_two_steps_on_five_clips_by_hand() -> None:
    # n = max(1, 0.8 * 5 / 2) = 2, n/L = 0.4. Steps took 3/5 and 2/5 of the clips, together 4/5.
    draws = torch.tensor([[[1.0, 1, 1, 0, 0]], [[0.0, 0, 1, 1, 0]]])
    taken = torch.tensor([[1.0, 1, 1, 1, 0]])
    loss = budget_loss(draws, taken, torch.tensor([0.8]), torch.ones(1, 5, dtype=torch.bool))
    assert float(loss) == pytest.approx(((0.8 - 0.8) ** 2 + (0.6 - 0.4) ** 2 + (0.4 - 0.4) ** 2) / 3)


def test_a_budget_below_a_clip_a_step_asks_for_one_clip_each() -> None:
    # n = max(1, 0.1 * 10 / 2) = 1, so that both steps shall take a tenth, together a fifth.
    draws, taken = torch.zeros(2, 1, 10), torch.zeros(1, 10)
    loss = budget_loss(draws, taken, torch.tensor([0.1]), torch.ones(1, 10, dtype=torch.bool))
    assert float(loss) == pytest.approx((0.2**2 + 0.1**2 + 0.1**2) / 3)


def test_padding_counts_for_nothing_and_queries_are_averaged() -> None:
    generator = torch.Generator().manual_seed(0)
    draws, budget = torch.rand(3, 1, 6, generator=generator), torch.tensor([0.5])
    alone = budget_loss(draws, draws[0], budget, torch.ones(1, 6, dtype=torch.bool))
    wide = torch.nn.functional.pad(draws, (0, 4), value=1.0).repeat(1, 2, 1)
    mask = torch.arange(10)[None].repeat(2, 1) < 6
    together = budget_loss(wide, wide[0], budget.repeat(2), mask)
    torch.testing.assert_close(together, alone)


def test_no_loss_where_every_step_takes_its_part() -> None:
    draws = torch.eye(4)[:, None].repeat(1, 1, 2)  # each of four steps takes two of eight clips
    loss = budget_loss(draws, draws.sum(0), torch.tensor([1.0]), torch.ones(1, 8, dtype=torch.bool))
    assert float(loss) == 0.0
