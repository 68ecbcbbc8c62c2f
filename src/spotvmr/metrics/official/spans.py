"""Spans of many queries as one array, and their IoU; times are seconds in float64.

Letters of shapes: Q queries, N predicted and M true spans of the query that has most.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spotvmr.metrics.rules import Union

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Spans = Sequence[Sequence[float]]
"""The spans of one query: start and end of each, in seconds; a score may follow."""


def padded(rows: Sequence[Spans], width: int = 2) -> tuple[Floats, Flags]:
    """Put the spans of Q queries into one array.

    Args:
        rows: The spans of each query.
        width: Numbers of a span that are kept: 2, or 3 with its score.

    Returns:
        Spans (Q, longest, width), zeros where a query has fewer, and which of them are real (Q, longest).

    Example:
        >>> spans, real = padded([[(1, 2)], [(3, 4), (5, 6)]])
        >>> spans.shape, real.tolist()
        ((2, 2, 2), [[True, False], [True, True]])
    """
    longest = max([1, *map(len, rows)])
    real = np.arange(longest) < np.array([len(row) for row in rows], dtype=np.int64)[:, None]
    spans = np.zeros((len(rows), longest, width))
    flat = [span[:width] for row in rows for span in row]
    spans[real] = np.array(flat, dtype=np.float64).reshape(-1, width)
    return spans, real


def span_iou(pred: Floats, true: Floats, union: Union) -> Floats:
    """IoU of each predicted with each true span.

    Both unions agree but for the last bit, which decides comparisons with a threshold: each scorer has its own.

    Args:
        pred: Predicted spans (Q, N, 2 or more).
        true: True spans (Q, M, 2).
        union: "union", or "hull" for the stretch from the first start to the last end.

    Returns:
        IoU (Q, N, M); 0 where both spans are the same point, which the scorers divide by zero at.

    Example:
        >>> span_iou(np.array([[[0.0, 4.0]]]), np.array([[[2.0, 6.0]]]), "hull").round(4).tolist()
        [[[0.3333]]]
    """
    pred_start, pred_end = pred[:, :, None, 0], pred[:, :, None, 1]
    true_start, true_end = true[:, None, :, 0], true[:, None, :, 1]
    shared = np.maximum(0.0, np.minimum(pred_end, true_end) - np.maximum(pred_start, true_start))
    if union == "hull":
        whole = np.maximum(pred_end, true_end) - np.minimum(pred_start, true_start)
    else:
        whole = (pred_end - pred_start) + (true_end - true_start) - shared
    return np.divide(shared, whole, out=np.zeros_like(shared), where=whole > 0)
