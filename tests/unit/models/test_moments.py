"""Moments in the order of two opinions: the VMR model's and the selector's."""

from __future__ import annotations

import math

import pytest
import torch

from spotvmr.errors import UserError
from spotvmr.models.moments import rerank
from spotvmr.types import Moment

ASKED = [Moment(0.0, 2.0, 0.6), Moment(6.5, 7.5, 0.5)]
LOGITS = torch.tensor([1.0, 3.0, 0.0, 5.0])


def test_a_moment_gains_by_the_mean_score_of_the_clips_it_touches() -> None:
    found = rerank(ASKED, LOGITS, clip_s=2.0, weight=0.1)
    # The first touches clip 0, the second only clip 3, the best one.
    assert [(m.start_s, m.end_s) for m in found] == [(6.5, 7.5), (0.0, 2.0)]
    assert [m.score for m in found] == pytest.approx([0.5, 0.6 * math.exp(0.1 * (1 - 5))])


def test_a_moment_over_several_clips_has_their_mean() -> None:
    (found,) = rerank([Moment(1.0, 5.0, 1.0)], LOGITS, clip_s=2.0, weight=1.0)
    assert found.score == pytest.approx(math.exp((1 + 3 + 0) / 3 - 5))


@pytest.mark.parametrize("moment", [Moment(8.0, 8.0, 0.5), Moment(7.9, 8.4, 0.5)])
def test_a_moment_at_the_very_end_has_the_score_of_the_last_clip(moment: Moment) -> None:
    (found,) = rerank([moment], LOGITS, clip_s=2.0, weight=0.1)
    assert found.score == pytest.approx(0.5)


def test_without_weight_the_model_alone_ranks() -> None:
    assert rerank(ASKED, LOGITS, clip_s=2.0, weight=0.0) == ASKED


def test_logits_are_no_scores() -> None:
    with pytest.raises(UserError, match="give it 0 or more"):
        rerank([Moment(0.0, 2.0, -0.5)], LOGITS, clip_s=2.0, weight=0.1)


def test_no_moment_is_no_moment() -> None:
    assert rerank([], LOGITS, clip_s=2.0, weight=0.1) == []
