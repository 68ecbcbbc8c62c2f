"""Per-clip losses against numbers worked out with numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotvmr.losses import fused_distillation, highlight_loss, ranking_loss


def test_highlight_loss_counts_the_moment_twice_and_padding_not_at_all() -> None:
    logits = np.array([[0.5, -1.0, 2.0, 7.0]])
    inside = np.array([[1.0, 0.0, 0.25, 1.0]])
    mask = torch.tensor([[True, True, True, False]])
    p = 1 / (1 + np.exp(-logits[0, :3]))
    y = inside[0, :3]
    bce = -(y * np.log(p) + (1 - y) * np.log(1 - p))
    expected = (bce * (1 + y)).sum() / (1 + y).sum()
    got = highlight_loss(torch.tensor(logits), torch.tensor(inside), mask)
    assert got.item() == pytest.approx(expected, rel=1e-9)


def test_ranking_loss_is_the_cross_entropy_to_the_share_of_relevance() -> None:
    scores = torch.tensor([[1.0, 2.0, 0.0, 50.0], [3.0, 1.0, 1.0, 1.0]])
    relevance = torch.tensor([[2.0, 1.0, 1.0, 9.0], [0.0, 0.0, 0.0, 0.0]])
    mask = torch.tensor([[True, True, True, False], [True] * 4])
    log_p = np.array([1.0, 2.0, 0.0]) - np.log(np.exp([1.0, 2.0, 0.0]).sum())
    expected = -(np.array([0.5, 0.25, 0.25]) * log_p).sum()
    # The second row has nothing relevant and must not count, nor make a NaN.
    assert ranking_loss(scores, relevance, mask).item() == pytest.approx(expected, rel=1e-5)


def test_ranking_loss_falls_when_relevant_clips_rise() -> None:
    relevance = torch.tensor([[0.0, 1.0, 0.0]])
    mask = torch.ones(1, 3, dtype=torch.bool)
    low, high = torch.tensor([[0.0, 0.0, 0.0]]), torch.tensor([[0.0, 3.0, 0.0]])
    assert ranking_loss(high, relevance, mask) < ranking_loss(low, relevance, mask)


def test_fused_distillation_is_the_mean_difference_over_valid_clips() -> None:
    student, teacher = torch.zeros(1, 3, 2), torch.zeros(1, 3, 2)
    teacher[0, 0] = torch.tensor([1.0, 3.0])
    teacher[0, 2] = 100.0
    mask = torch.tensor([[True, True, False]])
    assert fused_distillation(student, teacher, mask).item() == pytest.approx(1.0)


def test_clips_inside_count_more_by_their_additional_weight() -> None:
    logits, inside, mask = torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]]), torch.ones(1, 2, dtype=torch.bool)
    each = torch.nn.functional.binary_cross_entropy_with_logits(logits, inside, reduction="none")[0]
    for positive in (0.0, 1.0, 3.0):
        wanted = ((1 + positive) * each[0] + each[1]) / (2 + positive)
        torch.testing.assert_close(highlight_loss(logits, inside, mask, positive), wanted)
