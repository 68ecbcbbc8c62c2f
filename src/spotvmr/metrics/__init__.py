"""Retrieval metrics: pure functions and thin torchmetrics classes."""

from spotvmr.metrics.bootstrap import Difference, bootstrap_ci, paired_difference
from spotvmr.metrics.functional import (
    IouRule,
    best_iou_at,
    hits,
    hull_iou,
    iou,
    moment_coverage,
    recall_at,
    selection_recall,
)
from spotvmr.metrics.grounding import RECALLS, GroundingMetrics
from spotvmr.metrics.per_query import PerQuery, qid_number
from spotvmr.metrics.selection import SelectionMetrics

__all__ = [
    "RECALLS",
    "Difference",
    "GroundingMetrics",
    "IouRule",
    "PerQuery",
    "SelectionMetrics",
    "best_iou_at",
    "bootstrap_ci",
    "hits",
    "hull_iou",
    "iou",
    "moment_coverage",
    "paired_difference",
    "qid_number",
    "recall_at",
    "selection_recall",
]
