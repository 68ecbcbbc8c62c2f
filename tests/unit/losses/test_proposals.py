"""Losses of proposal maps against numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotvmr.losses import map_distillation, map_loss

SCORE = np.array([[0.5, -1.0, 2.0, 9.0]])
VALID = torch.tensor([[True, True, True, False]])


def bce(logit: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    p = 1 / (1 + np.exp(-logit))
    return -(wanted * np.log(p) + (1 - wanted) * np.log(1 - p))


def test_map_loss_scales_the_iou_and_ignores_what_is_outside() -> None:
    spans = torch.tensor([[[0.0, 4.0], [1.0, 4.0], [0.0, 1.0], [0.0, 4.0]]])
    # IoU with [0, 4): 1, 3/4, 1/4; scaled from (0.5, 1): 1, 1/2, 0.
    wanted = np.array([1.0, 0.5, 0.0])
    expected = bce(SCORE[0, :3], wanted).sum() / 1.5
    got = map_loss(torch.tensor(SCORE), spans.double(), VALID, torch.tensor([[0.0, 4.0]]))
    assert got.item() == pytest.approx(expected, rel=1e-6)


def test_limits_of_tacos_make_more_proposals_right() -> None:
    spans = torch.tensor([[[1.0, 4.0], [0.0, 2.0]]])  # IoU 3/4 and 1/2 with [0, 4)
    got = map_loss(torch.zeros(1, 2), spans, torch.ones(1, 2) > 0, torch.tensor([[0.0, 4.0]]), low=0.3, high=0.7)
    assert got.item() == pytest.approx(2 * np.log(2) / 1.5, rel=1e-5)


def test_map_distillation_is_the_kl_divergence_of_yes_and_no() -> None:
    teacher = np.array([[1.0, -2.0, 0.0, 5.0]])
    p, q = 1 / (1 + np.exp(-teacher[0, :3])), 1 / (1 + np.exp(-SCORE[0, :3]))
    kl = p * np.log(p / q) + (1 - p) * np.log((1 - p) / (1 - q))
    got = map_distillation(torch.tensor(SCORE), torch.tensor(teacher), VALID)
    assert got.item() == pytest.approx(kl.sum() / p.sum(), rel=1e-6)
    assert map_distillation(torch.tensor(SCORE), torch.tensor(SCORE), VALID).item() == pytest.approx(0, abs=1e-9)
