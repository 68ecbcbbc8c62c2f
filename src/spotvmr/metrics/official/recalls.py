"""Benchmarks that are scored by recall at a rank and an IoU, each by its scorer's own rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from spotvmr.metrics.official.spans import Spans, padded, span_iou
from spotvmr.metrics.rules import RECALLS, IouRule, Union


@dataclass(frozen=True)
class RecallRule:
    """How a scorer decides on a hit, and what it prints.

    Attributes:
        recalls: Rank and IoU threshold of each recall, in the order of the print.
        rule: Whether an IoU equal to the threshold is a hit.
        union: What the intersection is divided by.
    """

    recalls: tuple[tuple[int, float], ...]
    rule: IouRule
    union: Union


def _grid(ranks: tuple[int, ...], thresholds: tuple[float, ...]) -> tuple[tuple[int, float], ...]:
    """Every rank at every threshold, in the order that the scorers print."""
    return tuple((rank, threshold) for threshold, rank in product(thresholds, ranks))


RECALL_RULES = {
    # EGO4D/episodic-memory, NLQ/VSLNet/utils/evaluate_ego4d_nlq.py
    "ego4d-nlq": RecallRule(_grid((1, 3, 5), (0.3, 0.5, 0.7)), ">", "hull"),
    # VSLNet, util/runner_utils.py: calculate_iou and calculate_iou_accuracy
    "charades": RecallRule(_grid((1, 5), (0.3, 0.5, 0.7)), ">=", "hull"),
    "activitynet": RecallRule(_grid((1, 5), (0.3, 0.5, 0.7)), ">=", "hull"),
    # 2D-TAN, lib/core/eval.py; TACoS is reported from 0.1 on
    "tacos": RecallRule(_grid((1, 5), (0.1, 0.3, 0.5, 0.7)), ">", "hull"),
    # Ours, as in a run record
    "jsonl": RecallRule(RECALLS, ">=", "union"),
}
"""The rule of each format."""


def recall_scores(predictions: Sequence[Spans], truths: Sequence[Spans], rule: RecallRule) -> dict[str, float]:
    """Score by recall and mean IoU.

    The order of the predictions counts, not their scores. A query with several true spans is answered by any
    of them; one without predictions is missed.

    Args:
        predictions: Spans of each of Q queries, best first.
        truths: True spans of each query.
        rule: The scorer's rule.

    Returns:
        ``R<k>@<IoU>`` in the rule's order, and ``mIoU``, the mean IoU of the first predictions; all in [0, 1],
        NaN without queries.

    Example:
        >>> rule = RecallRule(((1, 0.5), (5, 0.5)), ">", "hull")
        >>> recall_scores([[(0, 2), (0, 3)]], [[(0, 4)]], rule)
        {'R1@0.5': 0.0, 'R5@0.5': 1.0, 'mIoU': 0.5}
    """
    names = [f"R{rank}@{threshold}" for rank, threshold in rule.recalls]
    if not len(truths):
        return dict.fromkeys([*names, "mIoU"], float("nan"))
    # (Q, N): padding is a span of no length, whose IoU is 0 with anything.
    best = span_iou(padded(predictions)[0], padded(truths)[0], rule.union).max(axis=2)
    compare = np.greater_equal if rule.rule == ">=" else np.greater
    values = [compare(best[:, :rank].max(axis=1), threshold).mean() for rank, threshold in rule.recalls]
    return {name: float(value) for name, value in zip([*names, "mIoU"], [*values, best[:, 0].mean()], strict=True)}
