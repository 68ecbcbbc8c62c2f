"""Retrieval metrics: pure functions and thin torchmetrics classes; the benchmarks' own scores are in ``official``.

Names are imported at first use: ``official`` scores a file without importing torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spotvmr.metrics.bootstrap import Difference, bootstrap_ci, paired_difference
    from spotvmr.metrics.functional import (
        best_iou_at,
        hits,
        hull_iou,
        iou,
        moment_coverage,
        recall_at,
        selection_recall,
    )
    from spotvmr.metrics.grounding import GroundingMetrics
    from spotvmr.metrics.per_query import PerQuery, qid_number
    from spotvmr.metrics.rules import RECALLS, IouRule
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

_MODULES = ("rules", "bootstrap", "functional", "per_query", "grounding", "selection")


def __getattr__(name: str) -> Any:
    """Import the module that defines ``name``, those with fewest packages first."""
    if name in __all__:
        for module in _MODULES:
            found = vars(import_module(f"{__name__}.{module}"))
            if name in found:
                return found[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
