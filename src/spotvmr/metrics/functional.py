"""Retrieval metrics as pure functions.

Letters of shapes: N predictions, M true moments, Q queries, T clips; ``...`` any leading axes. Times are
seconds; give them as float64, since float32 moves an IoU of exactly 0.3 off its threshold.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from spotvmr.metrics.rules import IouRule, Union
from spotvmr.types import Moment


def iou(pred: Tensor, true: Tensor) -> Tensor:
    """Intersection over union of each prediction with each true moment.

    Args:
        pred: Start and end of predictions (..., N, 2), float.
        true: Start and end of true moments (..., M, 2), float.

    Returns:
        IoU (..., N, M) in [0, 1]; 0 wherever a moment of no length takes part.

    Example:
        >>> iou(torch.tensor([[0.0, 4.0], [2.0, 2.0]]), torch.tensor([[2.0, 6.0]]))
        tensor([[0.3333],
                [0.0000]])
    """
    shared = _shared(pred, true)
    lengths = (pred[..., 1] - pred[..., 0])[..., :, None] + (true[..., 1] - true[..., 0])[..., None, :]
    return _ratio(shared, lengths - shared)


def hull_iou(pred: Tensor, true: Tensor) -> Tensor:
    """Intersection over the hull of both spans, as the Ego4D NLQ scorer computes its IoU.

    Where spans overlap the hull is their union, and where they do not the intersection is 0: the value is that
    of ``iou`` but for the last bit, which decides strict comparisons with a threshold.

    Args:
        pred: Start and end of predictions (..., N, 2), float.
        true: Start and end of true moments (..., M, 2), float.

    Returns:
        IoU (..., N, M) in [0, 1]; 0 wherever a moment of no length takes part.
    """
    start = torch.minimum(pred[..., :, None, 0], true[..., None, :, 0])
    end = torch.maximum(pred[..., :, None, 1], true[..., None, :, 1])
    return _ratio(_shared(pred, true), end - start)


def best_iou_at(
    predictions: Sequence[Sequence[Moment]],
    truths: Sequence[Sequence[Moment]],
    ranks: Sequence[int],
    union: Union = "union",
) -> Tensor:
    """Best IoU among the first k predictions of each query, for each k.

    A query with several true moments is answered by any of them.

    Args:
        predictions: Moments of each of Q queries, best first (the order counts, not the scores).
        truths: True moments of each query.
        ranks: The k.
        union: "union" or "hull".

    Returns:
        IoU (Q, len(ranks)), float64; 0 for queries without predictions or truths.

    Example:
        >>> best_iou_at([[Moment(8, 9), Moment(0, 2)]], [[Moment(0, 4)]], ranks=(1, 5))
        tensor([[0.0000, 0.5000]], dtype=torch.float64)
    """
    table = (iou if union == "union" else hull_iou)(_spans(predictions), _spans(truths))
    best = table.amax(dim=2)  # (Q, N)
    return torch.stack([best[:, :k].amax(dim=1) for k in ranks], dim=1)


def recall_at(ious: Tensor, threshold: float, rule: IouRule = ">=") -> float:
    """Share of queries whose best IoU reaches a threshold.

    Args:
        ious: Best IoU of each query (Q,), float64.
        threshold: Between 0 and 1.
        rule: Whether equality is a hit.

    Returns:
        Recall in [0, 1]; 0 without queries.

    Example:
        >>> ious = torch.tensor([0.5, 0.8], dtype=torch.float64)
        >>> recall_at(ious, 0.5, ">="), recall_at(ious, 0.5, ">")
        (1.0, 0.5)
    """
    return float(hits(ious, threshold, rule).double().mean()) if len(ious) else 0.0


def hits(ious: Tensor, threshold: float, rule: IouRule = ">=") -> Tensor:
    """Which queries reach a threshold.

    Args:
        ious: Best IoU of each query (Q,), float64.
        threshold: Between 0 and 1.
        rule: Whether equality is a hit.

    Returns:
        Hits (Q,), bool.
    """
    if rule not in (">=", ">"):
        raise ValueError(f"the IoU rule is '>=' or '>', not {rule!r}")
    return ious >= threshold if rule == ">=" else ious > threshold


def selection_recall(chosen: Tensor, inside: Tensor) -> Tensor:
    """Share of the true moment's clips that were selected (ground-truth-clip recall).

    Every clip that the moment touches counts the same.

    Args:
        chosen: Selected clips (..., T), bool.
        inside: Share of each clip that lies in the moment (..., T), 0 for padding.

    Returns:
        Recall (...), float64 in [0, 1]; NaN where no clip is touched.

    Example:
        >>> chosen = torch.tensor([True, True, False, False])
        >>> float(selection_recall(chosen, torch.tensor([0.0, 0.2, 1.0, 0.0])))
        0.5
    """
    touched = inside > 0
    return (touched & chosen).sum(-1).double() / touched.sum(-1)


def moment_coverage(chosen: Tensor, inside: Tensor) -> Tensor:
    """Share of the true moment's time that lies in selected clips.

    Args:
        chosen: Selected clips (..., T), bool.
        inside: Share of each clip that lies in the moment (..., T), 0 for padding.

    Returns:
        Coverage (...), float64 in [0, 1]; NaN for moments of no length.

    Example:
        >>> chosen = torch.tensor([True, True, False, False])
        >>> round(float(moment_coverage(chosen, torch.tensor([0.0, 0.25, 1.0, 0.0]))), 6)
        0.2
    """
    inside = inside.double()
    return (inside * chosen).sum(-1) / inside.sum(-1)


def _shared(pred: Tensor, true: Tensor) -> Tensor:
    """Length of the intersections (..., N, M)."""
    start = torch.maximum(pred[..., :, None, 0], true[..., None, :, 0])
    end = torch.minimum(pred[..., :, None, 1], true[..., None, :, 1])
    return (end - start).clamp(min=0)


def _ratio(shared: Tensor, whole: Tensor) -> Tensor:
    """``shared / whole``, and 0 where both are; never above 1 by rounding."""
    return torch.where(whole > 0, shared / whole, torch.zeros_like(shared)).clamp(max=1)


def _spans(moments: Sequence[Sequence[Moment]]) -> Tensor:
    """Moments of Q queries (Q, longest, 2), float64; padded with moments of no length, whose IoU is 0 with anything."""
    longest = max([1, *map(len, moments)])
    padding = (0.0, 0.0)
    rows = [[*((m.start_s, m.end_s) for m in row), *[padding] * (longest - len(row))] for row in moments]
    return torch.tensor(rows, dtype=torch.float64).reshape(len(rows), longest, 2)
