"""Matches predictions with their ground truths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spotvmr.annotations.submissions.predictions import SubmittedPrediction
from spotvmr.annotations.submissions.truths import Truth
from spotvmr.errors import UserError


@dataclass(frozen=True)
class Matched:
    """Predictions and ground truths of the same queries, in the order of the ground truth.

    Attributes:
        predictions: Predictions of all queries that have one.
        truths: Ground truths of the same queries.
        unanswered: Ground truths of the other queries.
    """

    predictions: list[SubmittedPrediction]
    truths: list[Truth]
    unanswered: list[Truth]

    @property
    def total(self) -> int:
        """Queries in the ground truth."""
        return len(self.truths) + len(self.unanswered)

    @property
    def coverage(self) -> float:
        """Share of queries in the ground truth that have a prediction."""
        return len(self.truths) / self.total


def match(predictions: Mapping[str, SubmittedPrediction], truths: Mapping[str, Truth], allow_partial: bool) -> Matched:
    """Match predictions with ground truths.

    Args:
        predictions: Predictions by key of the query.
        truths: Ground truths by key of the query.
        allow_partial: Whether queries may lack a prediction.

    Raises:
        UserError: A prediction is for an unknown query, or queries lack a prediction and ``allow_partial`` is false.
    """
    unknown = [key for key in predictions if key not in truths]
    if unknown:
        raise UserError(
            f"{len(unknown)} of {len(predictions)} predictions are for queries that are not in the ground truth, first "
            f"{', '.join(unknown[:3])}; score a submission against its own split and data set"
        )
    missing = [key for key in truths if key not in predictions]
    if missing and not allow_partial:
        raise UserError(
            f"partial submission: {len(predictions)} of {len(truths)} queries are answered "
            f"({len(missing)} missing, first {', '.join(missing[:3])}); "
            "add them, or set allow_partial=true to score only the others"
        )
    common = [key for key in truths if key in predictions]
    return Matched(
        [predictions[key] for key in common], [truths[key] for key in common], [truths[key] for key in missing]
    )
