"""QVHighlights' scores of retrieved moments: average precision and recall at the first window.

Rules of jayleicn/moment_detr, ``standalone_eval/eval.py``. Letters of shapes: Q queries, N predicted windows,
M true windows, H thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spotvmr.metrics.official.spans import Flags, Floats, Spans, padded, span_iou

THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
MAX_WINDOWS = 10
"""Predicted windows of average precision: the first ones of the file, in the order of their scores."""
LENGTHS_S = {"full": (-np.inf, np.inf), "long": (30, 150), "middle": (10, 30), "short": (0, 10)}
"""Lengths of true windows in seconds, above the first and up to the second; "full" is not filtered."""


def moment_scores(predictions: Sequence[Spans], truths: Sequence[Spans]) -> dict[str, dict[str, dict[str, float]]]:
    """Average precision and first-window recall for true windows of each range of lengths.

    A query counts in a range when it has a true window of such a length; its other true windows are left out there.

    Args:
        predictions: Windows with scores of each of Q queries, at least one each.
        truths: True windows of each query, at least one each.

    Returns:
        Range → ``MR-mAP`` and ``MR-R1`` → threshold (and ``average``) → percent with two digits, NaN for a range
        without queries.
    """
    pred, given = padded([windows[:MAX_WINDOWS] for windows in predictions], width=3)
    true, real = padded(truths)
    lengths = true[..., 1] - true[..., 0]
    first_hull = span_iou(pred[:, :1], true, "hull")[:, 0]
    union = span_iou(pred, true, "union")
    scores = {}
    for name, (low, high) in LENGTHS_S.items():
        wanted = real & (lengths > low) & (lengths <= high)
        rows = wanted.any(axis=1)
        precision = _average_precision(union[rows], pred[rows, :, 2], given[rows], wanted[rows])
        recall = _first_recall(union[rows, 0], first_hull[rows], wanted[rows])
        by_threshold = _by_threshold(precision)
        average = percent(float(precision.mean(axis=0).mean())) if rows.any() else float("nan")
        scores[name] = {"MR-mAP": {**by_threshold, "average": average}, "MR-R1": _by_threshold(recall)}
    return scores


def percent(share: float) -> float:
    """A share as percent with two digits, as the scorer rounds.

    Example:
        >>> percent(0.539354)
        53.94
    """
    return float(f"{100 * share:.2f}")


def _by_threshold(values: Floats) -> dict[str, float]:
    """Means over queries (Q, H) by threshold."""
    means = values.mean(axis=0) if len(values) else np.full(len(THRESHOLDS), np.nan)
    return {str(threshold): percent(mean) for threshold, mean in zip(THRESHOLDS, means.tolist(), strict=True)}


def _first_recall(union: Floats, hull: Floats, wanted: Flags) -> Floats:
    """Whether each query's first window is a hit (Q, H).

    The scorer picks the true window by IoU over the union, then compares IoU over the hull.

    Args:
        union: IoU of the first window (Q, M).
        hull: The same over the hull (Q, M).
        wanted: True windows that count (Q, M).
    """
    nearest = np.where(wanted, union, -1.0).argmax(axis=1)
    value = hull[np.arange(len(hull)), nearest]
    return (value[:, None] >= np.array(THRESHOLDS)).astype(np.float64)


def _average_precision(iou: Floats, score: Floats, given: Flags, wanted: Flags) -> Floats:
    """Interpolated average precision (PASCAL VOC 2011) of each query (Q, H).

    Args:
        iou: Of each predicted with each true window (Q, N, M).
        score: Of each predicted window (Q, N).
        given: Predicted windows that are no padding (Q, N).
        wanted: True windows that count (Q, M), at least one a query.
    """
    order = np.argsort(np.where(given, -score, np.inf), axis=1, kind="stable")
    found = _matched(np.take_along_axis(iou, order[..., None], axis=1), wanted)
    found &= np.take_along_axis(given, order, axis=1)[..., None]
    precision = found.cumsum(axis=1) / np.arange(1, found.shape[1] + 1)[:, None]
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    return (found * envelope).sum(axis=1) / wanted.sum(axis=1)[:, None]


def _matched(iou: Floats, wanted: Flags) -> Flags:
    """Which predicted windows are true positives (Q, N, H).

    Windows choose in their order: the free true window of highest IoU, the last one of equals, if that reaches
    the threshold.
    """
    n_queries, n_pred, n_true = iou.shape
    thresholds = np.array(THRESHOLDS)
    free = np.repeat(wanted[:, None], len(thresholds), axis=1)  # (Q, H, M)
    found = np.zeros((n_queries, n_pred, len(thresholds)), dtype=np.bool_)
    for rank in range(n_pred):
        open_iou = np.where(free, iou[:, rank, None], -1.0)
        chosen = n_true - 1 - open_iou[..., ::-1].argmax(axis=2)[..., None]  # (Q, H, 1)
        found[:, rank] = np.take_along_axis(open_iou, chosen, axis=2)[..., 0] >= thresholds
        taken = found[:, rank, :, None] & (np.arange(n_true) == chosen)
        free &= ~taken
    return found
