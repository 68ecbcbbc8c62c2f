"""Points of a pyramid: which are positive, and the losses against numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spotvmr.losses import point_border_loss, point_distillation, point_focal_loss, positive_points


def pyramid(clips: int, levels: int) -> Tensor:
    rows = [[(i + 0.5) * 2**level, 2.0**level] for level in range(levels) for i in range(clips >> level)]
    return torch.tensor(rows)[None]


def places(span: tuple[float, float], clips: int = 32, levels: int = 4) -> list[tuple[float, float]]:
    points = pyramid(clips, levels)
    marked = positive_points(points, torch.ones(points.shape[:2]) > 0, torch.tensor([span]))
    return [tuple(row) for row in points[marked].tolist()]


def test_short_moments_belong_to_the_finest_level_within_one_and_a_half_strides_of_their_middle() -> None:
    # All within 1.5 of the middle, 12.5, reach no farther than 4; at stride 2 all reach at least 4, or lie outside.
    assert places((10.1, 14.9)) == [(11.5, 1.0), (12.5, 1.0), (13.5, 1.0)]


def test_longer_moments_belong_to_coarser_levels() -> None:
    # Half of 20 clips is 10: beyond 8, the reach of stride 2, within 16, that of stride 4.
    assert places((6.0, 26.0)) == [(10.0, 4.0), (14.0, 4.0), (18.0, 4.0), (22.0, 4.0)]


def test_the_coarsest_level_takes_what_is_longer_still() -> None:
    assert {stride for _, stride in places((0.0, 32.0), levels=3)} == {4.0}


@pytest.mark.parametrize("span", [(7.1, 7.3), (7.6, 7.6), (0.0, 0.0), (32.0, 32.0)])
def test_the_shortest_moment_has_a_point(span: tuple[float, float]) -> None:
    ((place, stride),) = places(span)
    assert (abs(place - span[0]), stride) == (pytest.approx(0.5, abs=0.5), 1.0)


def test_points_in_padding_are_never_positive() -> None:
    points = pyramid(8, 1)
    valid = torch.arange(8)[None] < 4
    assert not positive_points(points, valid, torch.tensor([[2.0, 8.0]]))[~valid].any()


def test_focal_loss_by_its_formula() -> None:
    score = np.array([[0.3, -2.0, 1.0]])
    positive, valid = torch.tensor([[True, False, True]]), torch.tensor([[True, True, False]])
    p = 1 / (1 + np.exp(-score[0]))
    expected = -0.25 * (1 - p[0]) ** 2 * np.log(p[0]) - 0.75 * p[1] ** 2 * np.log(1 - p[1])
    assert point_focal_loss(torch.tensor(score), positive, valid).item() == pytest.approx(expected, rel=1e-6)


def test_border_loss_counts_positive_points_alone() -> None:
    spans = torch.tensor([[[0.0, 4.0], [2.0, 6.0], [50.0, 60.0]]])
    positive = torch.tensor([[True, True, False]])
    # IoU 1/3 less (2/6)² for the first, 1 for the second.
    got = point_border_loss(spans, positive, torch.tensor([[2.0, 6.0]]))
    assert got.item() == pytest.approx(1 - (1 / 3 - 1 / 9), rel=1e-5)


def test_distillation_weighs_borders_by_the_score_of_the_teacher() -> None:
    teacher = torch.tensor([[3.0, -3.0]])
    spans, moved = torch.tensor([[[0.0, 4.0], [4.0, 8.0]]]), torch.tensor([[[2.0, 6.0], [4.0, 8.0]]])
    valid = torch.ones(1, 2) > 0
    sure = 1 / (1 + np.exp(-3.0))
    assert point_distillation(teacher, spans, teacher, spans, valid).item() == pytest.approx(0, abs=1e-6)
    got = point_distillation(teacher, moved, teacher, spans, valid).item()
    assert got == pytest.approx(sure * (1 - (1 / 3 - 1 / 9)), rel=1e-5)  # the two scores sum to 1
