"""QVHighlights' scores of highlights: average precision and hit of the highest-scored clip.

Rules of jayleicn/moment_detr, ``standalone_eval/eval.py``. Letters of shapes: Q queries, T clips of the longest
video, A annotators.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spotvmr.metrics.official.moments import percent
from spotvmr.metrics.official.spans import Flags, Floats

CLIP_S = 2
"""Seconds of a clip that annotators rated."""
ANNOTATORS = 3
LEVELS = {"Fair": 2, "Good": 3, "VeryGood": 4}
"""Minimum rating of a highlight, from 0 to 4."""


def highlight_scores(
    saliency: Sequence[Sequence[float]], ratings: Sequence[Sequence[Sequence[float]]]
) -> dict[str, dict[str, float]]:
    """Average precision and first hit at each level.

    Args:
        saliency: Predicted score of each clip of each of Q queries; missing clips count as 0, surplus ones are
            cut, though a highest score among them misses.
        ratings: True ratings of each query: of every clip of its video, by each of three annotators, 0 to 4.

    Returns:
        ``HL-min-<level>`` → ``HL-mAP``, ``HL-Hit1`` → percent with two digits.

    Example:
        >>> highlight_scores([[0.9, 0.1]], [[[2, 2, 3], [0, 0, 0]]])["HL-min-Good"]
        {'HL-mAP': 33.33, 'HL-Hit1': 100.0}
    """
    clips = np.array([len(rows) for rows in ratings])
    rated = np.zeros((len(ratings), clips.max(), ANNOTATORS))  # padding is rated 0: never a highlight
    scores = np.full(rated.shape[:2], -np.inf)  # padding comes last
    highest = np.array([int(np.argmax(row)) for row in saliency])
    for query, (row, rates) in enumerate(zip(saliency, ratings, strict=True)):
        rated[query, : len(rates)] = rates
        kept = row[: len(rates)]
        scores[query, : len(rates)] = 0.0
        scores[query, : len(kept)] = kept
    found = {}
    for name, least in LEVELS.items():
        labels = rated >= least
        hit = labels[np.arange(len(labels)), np.minimum(highest, clips - 1)].any(axis=1) & (highest < clips)
        precision = _average_precision(scores, labels)
        found[f"HL-min-{name}"] = {"HL-mAP": percent(float(precision.mean())), "HL-Hit1": percent(float(hit.mean()))}
    return found


def _average_precision(scores: Floats, labels: Flags) -> Floats:
    """Interpolated average precision of each query by each annotator (Q, A); 0 without highlights.

    Clips of equal score enter together and count as one step, as in scikit-learn's ``precision_recall_curve``.

    Args:
        scores: Of each clip (Q, T), minus infinity for padding.
        labels: Which clips are highlights (Q, T, A).
    """
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=1)
    last = np.ones_like(ranked, dtype=np.bool_)  # the last clip of each group of equal scores
    last[:, :-1] = ranked[:, :-1] != ranked[:, 1:]
    last = (last & np.isfinite(ranked))[..., None]
    true = np.take_along_axis(labels, order[..., None], axis=1).cumsum(axis=1)
    precision = np.where(last, true / np.arange(1, true.shape[1] + 1)[:, None], 0.0)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    before = np.maximum.accumulate(np.where(last, true, 0), axis=1)
    before = np.concatenate([np.zeros_like(before[:, :1]), before[:, :-1]], axis=1)
    steps = last & (true > before)  # groups that hold a highlight
    return (envelope * steps).sum(axis=1) / np.maximum(steps.sum(axis=1), 1)
