"""From scored spans to the few moments that answer a query. Shapes: n spans of one query, times in seconds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import pstdev

import torch
from torch import Tensor

from spotvmr.errors import UserError
from spotvmr.models.protocol import VmrOutput
from spotvmr.types import Moment

_LEAST = 1e-3
"""Share of the best score below which Soft-NMS stops looking."""
_RERANKED = 5
"""Best moments of the model that change places: the order of the first must not depend on how many are requested."""
_NO_MATCH = 1e-6
"""Share of the best score below which scores count alike: a logarithm has no bottom."""
_VOTERS_IOU = 0.75
"""Overlap from which a span has a vote on the borders of a kept one."""


def thin(span_s: Tensor, score: Tensor, nms_iou: float, top_k: int) -> list[Moment]:
    """Non-maximum suppression: up to ``top_k`` moments, best first, none overlapping a better one by more.

    Args:
        span_s: Start and end (n, 2).
        score: Higher is better (n,).
        nms_iou: The largest overlap that is allowed.
        top_k: Moments to keep.
    """
    left = score.argsort(descending=True, stable=True)
    kept: list[int] = []
    while len(left) and len(kept) < top_k:
        best, left = int(left[0]), left[1:]
        kept.append(best)
        # In double precision, as an overlap of 0.3 in single precision lies above the limit 0.3.
        left = left[~(_overlap(span_s[best], span_s[left]).double() > nms_iou)]
    return as_moments(span_s, score, torch.tensor(kept, dtype=torch.long, device=span_s.device))


def soft_nms(span_s: Tensor, score: Tensor, sigma: float, top_k: int) -> list[Moment]:
    """Gaussian Soft-NMS with voting (Bodla et al., ICCV 2017; ActionFormer, Zhang et al., ECCV 2022).

    Each kept span lowers the scores of the others by ``exp(-IoU² / sigma)``; its borders are the mean of all
    spans that overlap it by 0.75 or more, weighed by score and overlap.

    Args:
        span_s: Start and end (n, 2).
        score: Not negative (n,).
        sigma: Width of the Gaussian.
        top_k: Moments to keep.
    """
    if not len(score):
        return []
    overlap = _overlap(span_s[:, None], span_s).nan_to_num(0.0)
    overlap.fill_diagonal_(1.0)  # a span of no length overlaps itself
    left = score.clone()
    found: list[Moment] = []
    least = _LEAST * score.max()
    for _ in range(min(top_k, len(score))):
        best = int(left.argmax())
        if found and left[best] < least:
            break
        votes = score * overlap[best] * (overlap[best] >= _VOTERS_IOU)
        start_s, end_s = ((votes[:, None] * span_s).sum(0) / votes.sum() if votes.sum() > 0 else span_s[best]).tolist()
        found.append(Moment(start_s, max(start_s, end_s), float(left[best])))
        left = left * torch.exp(-(overlap[best] ** 2) / sigma)
        left[best] = -1.0
    return found


def rerank(moments: Sequence[Moment], clip_scores: Tensor, clip_s: float, weight: float) -> list[Moment]:
    """Moments, the first five in the order of two opinions: the model's and that of whoever chose the clips.

    The score of one of the five is multiplied by ``exp(weight * s * (c - best c))``, where c is the mean score of the
    clips inside and s the standard deviation of the logarithms of their scores: a product of experts (Hinton, 2002),
    the same however sharp a model's scores are. Clips that were chosen for what the query says of their surroundings
    teach a model to look at little else than the action; whoever chose them still knows the surroundings.

    Args:
        moments: Best first, by the model alone.
        clip_scores: Of the valid clips, in log odds (T,).
        clip_s: Length of a clip in seconds.
        weight: Of the clips' opinion.

    Raises:
        UserError: A score below 0, which no factor weighs.
    """
    if (least := min((moment.score for moment in moments), default=0.0)) < 0:
        raise UserError(
            f"a moment scored {least:.3g}: give it 0 or more, such as a probability, or set selector.rerank=0"
        )
    first, others = moments[:_RERANKED], moments[_RERANKED:]
    inside = [_mean_inside(moment, clip_scores, clip_s) for moment in first]
    best, strength = max(inside, default=0.0), weight * _spread([moment.score for moment in first])
    weighed = [
        replace(moment, score=moment.score * math.exp(strength * (value - best)))
        for moment, value in zip(first, inside, strict=True)
    ]
    weighed.sort(key=lambda moment: -moment.score)
    return weighed + [replace(moment, score=min(moment.score, weighed[-1].score)) for moment in others]


def _mean_inside(moment: Moment, clip_scores: Tensor, clip_s: float) -> float:
    """Mean score of the clips that a moment touches, of the last one where it lies past the end."""
    first = min(int(moment.start_s / clip_s), len(clip_scores) - 1)
    return float(clip_scores[first : max(first + 1, math.ceil(moment.end_s / clip_s))].mean())


def _spread(scores: Sequence[float]) -> float:
    """Standard deviation of the logarithms; 0 without any score above 0."""
    lowest = _NO_MATCH * max(scores, default=0.0)
    return pstdev(math.log(max(score, lowest)) for score in scores) if lowest > 0 else 0.0


def share(moments: Sequence[Moment]) -> float:
    """Share of the best moment, the first, in the sum of all scores; 0 without any."""
    total = sum(moment.score for moment in moments)
    return moments[0].score / total if total > 0 else 0.0


def as_moments(span_s: Tensor, score: Tensor, kept: Tensor) -> list[Moment]:
    """The moments of the kept spans, in their order."""
    rows = zip(span_s[kept].tolist(), score[kept].tolist(), strict=True)
    return [Moment(start_s, end_s, value) for (start_s, end_s), value in rows]


def candidates(output: VmrOutput, most: int, clip_s: float, duration_s: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """The best spans of each query, in seconds (n, 2), with their scores (n,), best first.

    Args:
        output: With heads ``score``, logits (B, P), ``spans`` in clips (B, P, 2) and ``valid`` (B, P).
        most: Spans of a query.
        clip_s: Length of a clip in seconds.
        duration_s: Seconds from the first position to the end of the video (B,).
    """
    scores = output.heads["score"].sigmoid() * output.heads["valid"]
    for score, spans, end_s in zip(scores, output.heads["spans"], duration_s.tolist(), strict=True):
        value, best = score.topk(min(most, len(score)))
        best, value = best[value > 0], value[value > 0]
        yield in_seconds(spans[best], clip_s, end_s), value


def in_seconds(span: Tensor, clip_s: float, duration_s: float) -> Tensor:
    """Spans in clips (n, 2) as seconds inside the video, never running backwards."""
    span_s = (span * clip_s).clamp(0.0, duration_s)
    return torch.stack([span_s[:, 0], torch.maximum(span_s[:, 0], span_s[:, 1])], -1)


def _overlap(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of spans (…, 2) that broadcast (…); NaN where both have no length."""
    shared = (torch.minimum(a[..., 1], b[..., 1]) - torch.maximum(a[..., 0], b[..., 0])).clamp(min=0)
    return shared / ((a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared)
