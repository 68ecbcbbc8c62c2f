"""Recall and mean IoU of retrieved moments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.metrics.functional import best_iou_at, hits
from spotvmr.metrics.per_query import PerQueryMetric
from spotvmr.metrics.rules import RECALLS, IouRule, Union
from spotvmr.types import Moment


class GroundingMetrics(PerQueryMetric):
    """R@k at IoU and mIoU (mean IoU of the first prediction), each query once.

    A query without predictions counts as 0.

    Args:
        rule: Whether an IoU equal to the threshold is a hit.
        recalls: Rank and IoU threshold of each recall.
        union: "union", or "hull" for Ego4D's IoU.

    Example:
        >>> metric = GroundingMetrics(recalls=((1, 0.5), (5, 0.5)))
        >>> metric.update(["a", "b"], [[Moment(0, 4)], [Moment(8, 9), Moment(0, 2)]], [[Moment(0, 4)], [Moment(0, 4)]])
        >>> metric.compute()
        {'R1@0.5': 0.5, 'R5@0.5': 1.0, 'mIoU': 0.5}
    """

    higher_is_better = True
    is_differentiable = False

    def __init__(
        self,
        rule: IouRule = ">=",
        recalls: Sequence[tuple[int, float]] = RECALLS,
        union: Union = "union",
    ) -> None:
        ranks = tuple(sorted({1, *(rank for rank, _ in recalls)}))
        super().__init__(width=len(ranks))
        self.rule, self.recalls, self.union, self.ranks = rule, tuple(recalls), union, ranks

    def update(
        self,
        qids: Sequence[str],
        predictions: Sequence[Sequence[Moment]],
        truths: Sequence[Sequence[Moment]],
    ) -> None:
        """Score some queries.

        Args:
            qids: Query ids, Q of them.
            predictions: Moments of each query, best first.
            truths: True moments of each query, at least one.

        Raises:
            UserError: A query has no true moment.
        """
        if not len(qids) == len(predictions) == len(truths):
            raise ValueError(
                f"{len(qids)} queries, {len(predictions)} predictions and {len(truths)} truths do not match"
            )
        for qid, truth in zip(qids, truths, strict=True):
            if not truth:
                raise UserError(f"query {qid} has no true moment; a split whose truth is withheld cannot be scored")
        self._keep(qids, best_iou_at(predictions, truths, self.ranks, self.union))

    def compute(self) -> dict[str, float]:
        """Every recall as ``R<k>@<IoU>`` and ``mIoU``, in [0, 1]; 0 without queries."""
        columns = self.columns(self._rows().values)
        return {name: float(column.mean()) if len(column) else 0.0 for name, column in columns.items()}

    def columns(self, best: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """The numbers of each query whose means are the metrics, for groups of queries and for bootstrap.

        Args:
            best: Best IoU of each query at each of ``self.ranks`` (Q, W), from ``per_query()``.

        Returns:
            Name → one number a query (Q,), float64.
        """
        table = torch.from_numpy(best)
        columns = {
            f"R{rank}@{threshold}": hits(table[:, self.ranks.index(rank)], threshold, self.rule).double().numpy()
            for rank, threshold in self.recalls
        }
        return {**columns, "mIoU": best[:, 0]}
