"""Share of selected clips and ground-truth clip recall."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spotvmr.metrics.functional import moment_coverage, selection_recall
from spotvmr.metrics.per_query import PerQueryMetric


class SelectionMetrics(PerQueryMetric):
    """Share of clips selected (mean, 95th percentile, maximum) and ground-truth-clip recall, each query once.

    The numbers of ``per_query()`` are fraction, ground-truth-clip recall and coverage of the moment's time.

    Example:
        >>> metric = SelectionMetrics()
        >>> chosen = torch.tensor([[True, False, False, False]])
        >>> metric.update(["a"], chosen, torch.tensor([[1.0, 0.5, 0.0, 0.0]]), torch.ones(1, 4, dtype=torch.bool))
        >>> metric.compute()
        {'fraction_mean': 0.25, 'fraction_p95': 0.25, 'fraction_max': 0.25, 'gt_clip_recall': 0.5}
    """

    is_differentiable = False

    def __init__(self) -> None:
        super().__init__(width=3)

    def update(self, qids: Sequence[str], chosen: Tensor, inside: Tensor, mask: Tensor) -> None:
        """Count the selections of some queries.

        Args:
            qids: Query ids, B of them.
            chosen: Selected clips (B, T), bool.
            inside: Share of each clip that lies in the true moment (B, T), float in [0, 1].
            mask: Valid clips (B, T), bool.
        """
        chosen, inside = chosen & mask, inside * mask
        fraction = chosen.sum(-1).double() / mask.sum(-1)
        rows = torch.stack([fraction, selection_recall(chosen, inside), moment_coverage(chosen, inside)], dim=1)
        self._keep(qids, rows)

    def compute(self) -> dict[str, float]:
        """The four numbers of a run record's ``selection``; all 0 without queries."""
        values = self._rows().values
        fraction = values[:, 0] if len(values) else np.zeros(1)
        # Queries whose moment touches no clip (withheld truths) have no recall.
        recall = values[~np.isnan(values[:, 1]), 1]
        return {
            "fraction_mean": float(fraction.mean()),
            "fraction_p95": float(np.percentile(fraction, 95)),
            "fraction_max": float(fraction.max()),
            "gt_clip_recall": float(recall.mean()) if len(recall) else 0.0,
        }
