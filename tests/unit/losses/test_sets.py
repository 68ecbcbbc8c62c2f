"""Losses of set prediction against brute force and numpy."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch

from spotvmr.losses import matched, negative_loss, saliency_hinge, set_distillation, set_loss, span_distance


def test_matching_is_the_cheapest_of_all_assignments() -> None:
    cost = torch.rand(5, 4, 3, generator=torch.Generator().manual_seed(1))
    for table, rows in zip(cost.numpy(), matched(cost).tolist(), strict=True):
        best = min(permutations(range(4), 3), key=lambda choice: sum(table[q, m] for m, q in enumerate(choice)))
        assert tuple(rows) == best


def test_distance_is_that_of_centres_and_widths_in_stretches_of_32_clips() -> None:
    assert span_distance(torch.tensor([0.0, 4.0]), torch.tensor([1.0, 9.0])).item() == pytest.approx((3 + 4) / 32)


def test_set_loss_by_hand() -> None:
    label = np.array([[[2.0, 0.0], [-1.0, 1.0]]])
    spans = torch.tensor([[[10.0, 14.0], [2.0, 6.0]]])
    span = torch.tensor([[3.0, 7.0]])
    p = np.exp(label) / np.exp(label).sum(-1, keepdims=True)
    # Cost of the first: 10·7/32 + (IoU 0, hull 11, 3 of it empty) 3/11 - 4 p; of the second: 10/32 - 3/5 - 4 p.
    first, second = 70 / 32 + 3 / 11 - 4 * p[0, 0, 0], 10 / 32 - 3 / 5 - 4 * p[0, 1, 0]
    assert second > first  # the surer prediction wins although it lies farther
    borders = 10 * (7 / 32) / 2 + 1 + 3 / 11
    classes = (-np.log(p[0, 0, 0]) - 0.1 * np.log(p[0, 1, 1])) / 2
    assert set_loss(torch.tensor(label), spans, span).item() == pytest.approx(borders + 4 * classes, rel=1e-5)


def test_distillation_does_not_mind_the_order_of_the_set() -> None:
    generator = torch.Generator().manual_seed(0)
    label = torch.randn(2, 6, 2, generator=generator)
    spans = torch.rand(2, 6, 2, generator=generator).sort(-1).values * 40
    order = torch.randperm(6, generator=generator)
    assert set_distillation(label[:, order], spans[:, order], label, spans).item() == pytest.approx(0, abs=1e-5)
    assert set_distillation(label, spans + 3, label, spans).item() > 0.1


def test_hinge_is_the_mean_over_all_pairs_inside_and_outside() -> None:
    saliency = torch.tensor([[1.0, 0.9, 0.0, 5.0, 7.0], [0.0] * 5])
    inside = torch.tensor([[1.0, 0.0, 0.0, 0.3, 1.0], [0.0] * 5])
    mask = torch.tensor([[True, True, True, True, False], [True] * 5])
    # Inside: 1.0; outside: 0.9 and 0.0. The clip at the border is neither, the last is padding; row two has no pair.
    assert saliency_hinge(saliency, inside, mask).item() == pytest.approx((0.2 + 0.9 - 1.0) / 2, rel=1e-5)


def test_negative_queries_cannot_overflow() -> None:
    lowest = torch.finfo(torch.float32).min
    negative = torch.tensor([[1000.0, 0.0, lowest, 3.0]])
    mask = torch.tensor([[True, True, True, False]])
    assert negative_loss(negative, mask).item() == pytest.approx((1000 + np.log(2) + 0) / 3, rel=1e-6)


def test_a_longer_scale_makes_the_same_error_count_less() -> None:
    spans = torch.tensor([0.0, 4.0]), torch.tensor([1.0, 9.0])
    assert span_distance(*spans, 64.0).item() == pytest.approx((3 + 4) / 64)
