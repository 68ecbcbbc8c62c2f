"""Moments in the order of two opinions: the VMR model's and the selector's."""

from __future__ import annotations

import math

import pytest
import torch

from spotvmr.errors import UserError
from spotvmr.models.moments import as_moments, rerank, thin
from spotvmr.types import Moment

ASKED = [Moment(0.0, 2.0, 0.6), Moment(6.5, 7.5, 0.5)]
LOGITS = torch.tensor([1.0, 3.0, 0.0, 5.0])


def test_a_moment_gains_by_the_mean_score_of_the_clips_it_touches() -> None:
    found = rerank(ASKED, LOGITS, clip_s=2.0, weight=1.0)
    # The first touches clip 0, the second only clip 3, the best one; two logarithms lie one deviation from their mean.
    spread = math.log(0.6 / 0.5) / 2
    assert [(m.start_s, m.end_s) for m in found] == [(6.5, 7.5), (0.0, 2.0)]
    assert [m.score for m in found] == pytest.approx([0.5, 0.6 * math.exp(spread * (1 - 5))])


def test_a_moment_over_several_clips_has_their_mean() -> None:
    found = rerank([Moment(6.0, 8.0, 1.0), Moment(1.0, 5.0, math.exp(-2))], LOGITS, clip_s=2.0, weight=1.0)
    # The logarithms 0 and -2 lie one from their mean.
    assert [m.score for m in found] == pytest.approx([1.0, math.exp(-2) * math.exp((1 + 3 + 0) / 3 - 5)])


@pytest.mark.parametrize("power", [0.1, 3.0])
def test_the_order_is_the_same_however_sharp_the_scores_are(power: float) -> None:
    def order(sharp: float) -> list[float]:
        moments = [Moment(start_s, start_s + 2, score**sharp) for start_s, score in ((0, 0.9), (2, 0.5), (6, 0.4))]
        return [m.start_s for m in rerank(moments, LOGITS, clip_s=2.0, weight=1.0)]

    assert order(power) == order(1.0) == [6, 2, 0]


@pytest.mark.parametrize("scores", [(0.5, 0.0), (0.0, 0.0), (0.5, 1e-300)])
def test_scores_near_zero_stay_at_the_end(scores: tuple[float, float]) -> None:
    found = rerank([Moment(0.0, 2.0, scores[0]), Moment(6.5, 7.5, scores[1])], LOGITS, clip_s=2.0, weight=0.3)
    assert [m.start_s for m in found] == [0.0, 6.5]


@pytest.mark.parametrize("moment", [Moment(8.0, 8.0, 0.5), Moment(7.9, 8.4, 0.5)])
def test_a_moment_at_the_very_end_has_the_score_of_the_last_clip(moment: Moment) -> None:
    found = rerank([Moment(0.0, 2.0, 0.5 / math.e), moment], LOGITS, clip_s=2.0, weight=1.0)
    assert [m.score for m in found] == pytest.approx([0.5, 0.5 / math.e * math.exp(0.5 * (1 - 5))])


def test_without_weight_the_model_alone_ranks() -> None:
    assert rerank(ASKED, LOGITS, clip_s=2.0, weight=0.0) == ASKED


def test_the_first_five_are_the_same_however_many_are_asked_for() -> None:
    moments = [Moment(2.0 * clip, 2.0 * clip + 2, 0.9**rank) for rank, clip in enumerate((0, 2, 1, 0, 3, 3, 1, 2))]
    few, many = (rerank(moments[:count], LOGITS, clip_s=2.0, weight=1.0) for count in (5, 8))
    assert many[:5] == few
    assert few != moments[:5]
    assert [m.start_s for m in many[5:]] == [m.start_s for m in moments[5:]]
    assert [m.score for m in many] == sorted((m.score for m in many), reverse=True)


def test_logits_are_no_scores() -> None:
    with pytest.raises(UserError, match="give it 0 or more"):
        rerank([Moment(0.0, 2.0, -0.5)], LOGITS, clip_s=2.0, weight=0.1)


def test_no_moment_is_no_moment() -> None:
    assert rerank([], LOGITS, clip_s=2.0, weight=0.1) == []


def test_thinning_drops_what_overlaps_a_better_moment_by_more_than_the_limit() -> None:
    spans = torch.tensor([[0.0, 10.0], [0.0, 5.0], [0.0, 4.8], [5.0, 15.0], [20.0, 21.0]])
    score = torch.tensor([0.9, 0.8, 0.7, 0.6, 0.5])
    # Their overlaps with the first are 0.5, 0.48 and 1/3; the second overlaps the third by 0.96.
    assert [m.score for m in thin(spans, score, 0.5, 9)] == pytest.approx([0.9, 0.8, 0.6, 0.5])
    assert [m.score for m in thin(spans, score, 0.5, 2)] == pytest.approx([0.9, 0.8])
    assert [m.score for m in thin(spans, score, 0.49, 9)] == pytest.approx([0.9, 0.7, 0.6, 0.5])


def test_moments_without_length_are_kept_and_none_gives_none() -> None:
    assert len(thin(torch.tensor([[1.0, 1.0], [1.0, 1.0]]), torch.tensor([0.5, 0.6]), 0.5, 5)) == 2
    assert thin(torch.zeros(0, 2), torch.zeros(0), 0.5, 5) == []


@pytest.mark.parametrize("seed", range(8))
def test_thinning_equals_the_boxes_of_torchvision(seed: int) -> None:
    from torchvision.ops import nms

    generator = torch.Generator().manual_seed(seed)
    spans = (torch.randint(0, 40, (100, 2), generator=generator) * 1.5).sort(-1).values
    score = torch.randint(0, 30, (100,), generator=generator) / 30  # with ties
    flat = torch.zeros(100)
    for limit in (0.25, 0.3, 0.5, 1 / 3):
        kept = nms(torch.stack([spans[:, 0], flat, spans[:, 1], flat + 1], -1), score, limit)
        assert thin(spans, score, limit, 100) == as_moments(spans, score, kept)
