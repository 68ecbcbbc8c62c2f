"""Recall by length and position of moments, and the share of expert clips in each video.

The charts need the predictions of single queries, which records do not hold. The IoU is that of
``spotvmr.metrics.functional``, in plain Python because reports do not import torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from spotvmr.types.grid import ClipGrid
from spotvmr.types.moment import Moment
from spotvmr.types.predictions import Prediction

THRESHOLDS = (0.3, 0.5)
_LENGTHS_S = (0.0, 5.0, 10.0, 30.0, 60.0, 150.0)  # lower ends; 10, 30 and 150 s are QVHighlights' borders
_POSITIONS = 5  # equal parts of a video
_BINS = 20  # of the share of expert clips


def moment_iou(one: Moment, other: Moment) -> float:
    """Intersection over union of two moments; 0 when one of them has no length."""
    shared = max(0.0, min(one.end_s, other.end_s) - max(one.start_s, other.start_s))
    whole = one.length_s + other.length_s - shared
    return min(1.0, shared / whole) if whole > 0 else 0.0


def top_iou(answer: Prediction) -> float | None:
    """Best IoU of the first predicted moment with any ground-truth moment; None when the ground truth is withheld."""
    if not answer.truth:
        return None
    return max((moment_iou(answer.moments[0], true) for true in answer.truth), default=0.0) if answer.moments else 0.0


def by_length(answers: Sequence[Prediction], rule: str) -> list[dict[str, Any]]:
    """Recall at rank 1 by length of the moment in seconds; empty bins are omitted."""
    bins: dict[str, list[float]] = {}
    edges = (*_LENGTHS_S[1:], float("inf"))
    names = [f"{low:g}–{high:g}" for low, high in zip(_LENGTHS_S, edges[:-1], strict=False)] + [f"> {_LENGTHS_S[-1]:g}"]
    for answer, score in _scored(answers):
        length_s = answer.truth[0].length_s
        place = next(place for place, high in enumerate(edges) if length_s <= high)
        bins.setdefault(names[place], []).append(score)
    return [_recalls(name, bins[name], rule) for name in names if name in bins]


def by_place(answers: Sequence[Prediction], rule: str) -> list[dict[str, Any]]:
    """Recall at rank 1 by position of the moment's middle, in fifths of the video in per cent."""
    bins: dict[int, list[float]] = {}
    for answer, score in _scored(answers):
        if answer.duration_s:
            middle = (answer.truth[0].start_s + answer.truth[0].end_s) / 2 / answer.duration_s
            bins.setdefault(min(max(int(_POSITIONS * middle), 0), _POSITIONS - 1), []).append(score)
    step = 100 // _POSITIONS
    return [_recalls(f"{step * place}–{step * (place + 1)}", bins[place], rule) for place in sorted(bins)]


def fractions(answers: Iterable[Prediction], clip_s: float | None) -> dict[str, Any] | None:
    """Histogram over queries of the share of expert clips; None when unknown.

    Returns:
        ``step``, the width of a bin, and ``counts``, the number of queries in each bin from 0 on.
    """
    if not clip_s:
        return None
    shares = [
        len(set(answer.selected_clips)) / ClipGrid(answer.duration_s, clip_s).n_clips
        for answer in answers
        if answer.duration_s
    ]
    if not shares:
        return None
    step = (max(shares) or 1.0) / _BINS
    counts = [0] * _BINS
    for share in shares:
        counts[min(int(share / step), _BINS - 1)] += 1
    return {"step": step, "counts": counts}


def _scored(answers: Iterable[Prediction]) -> Iterable[tuple[Prediction, float]]:
    return ((answer, score) for answer in answers if (score := top_iou(answer)) is not None)


def _recalls(name: str, scores: Sequence[float], rule: str) -> dict[str, Any]:
    hits = [sum(score >= t if rule == ">=" else score > t for score in scores) for t in THRESHOLDS]
    return {"bin": name, "n": len(scores), "recall": [round(hit / len(scores), 4) for hit in hits]}
