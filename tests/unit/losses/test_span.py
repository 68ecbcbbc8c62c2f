"""Span losses against numbers worked out with numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotvmr.losses import border_clips, masked_log_softmax, offset_loss, span_distillation, span_loss


def _log_softmax(row: np.ndarray) -> np.ndarray:
    return row - np.log(np.exp(row).sum())


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        ((2.0, 5.0), 2, 4),  # ends on an edge: the clip before it holds the border
        ((2.3, 4.2), 2, 4),
        ((2.3, 2.9), 2, 2),
        ((0.0, 8.0), 0, 7),
        ((7.9, 9.5), 7, 7),  # past the end of the video
        ((3.0, 3.0), 3, 3),  # no length
    ],
)
def test_border_clips_hold_the_borders(span: tuple[float, float], first: int, last: int) -> None:
    got = border_clips(torch.tensor([span]), 8)
    assert (got[0].item(), got[1].item()) == (first, last)


def test_span_loss_is_the_cross_entropy_of_both_borders() -> None:
    rng = np.random.default_rng(0)
    start, end = rng.normal(size=(2, 5)), rng.normal(size=(2, 5))
    mask = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    span = torch.tensor([[1.2, 3.0], [0.0, 2.5]])
    expected = np.mean(
        [
            -_log_softmax(start[0])[1] - _log_softmax(end[0])[2],
            -_log_softmax(start[1, :3])[0] - _log_softmax(end[1, :3])[2],
        ]
    )
    got = span_loss(torch.tensor(start), torch.tensor(end), mask, span)
    assert got.item() == pytest.approx(expected, rel=1e-9)


def test_padding_changes_no_log_probability() -> None:
    logits = torch.randn(1, 4)
    padded = torch.cat([logits, torch.full((1, 3), 50.0)], 1)
    mask = torch.tensor([[True] * 4 + [False] * 3])
    torch.testing.assert_close(masked_log_softmax(padded, mask)[:, :4], torch.log_softmax(logits, -1))


def test_offset_loss_reads_only_the_border_clips() -> None:
    start_offset = torch.full((1, 6), 0.9)
    end_offset = torch.full((1, 6), 0.1)
    start_offset[0, 2], end_offset[0, 4] = 0.25, 0.5
    # start 2.25 is 0.25 into clip 2; end 4.8 is 0.8 into clip 4
    assert offset_loss(start_offset, end_offset, torch.tensor([[2.25, 4.8]])).item() == pytest.approx(0.3, abs=1e-6)


def test_span_distillation_is_the_kl_divergence_and_zero_for_the_teacher_itself() -> None:
    teacher = torch.tensor([[0.0, 1.0, 2.0, 9.0]])
    student = torch.tensor([[1.0, 1.0, 0.0, -9.0]])
    mask = torch.tensor([[True, True, True, False]])
    p, q = _log_softmax(teacher[0, :3].numpy()), _log_softmax(student[0, :3].numpy())
    expected = float((np.exp(p) * (p - q)).sum())
    assert span_distillation(student, teacher, mask).item() == pytest.approx(expected, rel=1e-5)
    assert span_distillation(teacher, teacher, mask).item() == pytest.approx(0.0, abs=1e-7)
