"""Adaptive inference: a mean budget over queries; confident queries stop early, other queries spend more.

Every query starts at a quarter of the budget. After each level the VMR model localises with the clips selected so
far. A query whose confidence reaches the threshold stops. For the others the budget doubles and the spotter extends
the selection, up to a hard cap. The threshold is set on the validation split, such that the mean spending there
equals the budget. A query also pays for the earlier levels (previews, localiser).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from spotvmr.assembly import BudgetedVmr
from spotvmr.cost import Ledger
from spotvmr.errors import UserError
from spotvmr.evaluation.inference import Inference, QueryResult, localise, results_by_query, select
from spotvmr.extraction.prepare import PreparedData
from spotvmr.features.samples import Collator, GroundingDataset
from spotvmr.metrics import best_iou_at
from spotvmr.metrics.separation import separation
from spotvmr.models import share
from spotvmr.selection import Selection
from spotvmr.types import Moment, Query
from spotvmr.types.batches import GroundingBatch

_HIT_IOU = 0.3
_HALVINGS = 60
"""Steps of the bisection: enough for every double between 0 and 1."""


def margin(moments: Sequence[Moment]) -> float:
    """Score of the best moment minus the score of the second after non-maximum suppression."""
    best, second = [*(moment.score for moment in moments[:2]), 0.0, 0.0][:2]
    return best - second


CONFIDENCES: dict[str, Callable[[Sequence[Moment]], float]] = {"share": share, "margin": margin}


@dataclass(frozen=True)
class Spending:
    """When a query stops.

    Attributes:
        levels: Budgets in ascending order; the last is the cap.
        confidence: Key of ``CONFIDENCES``.
        threshold: Confidence from which a query stops.
    """

    levels: tuple[float, ...]
    confidence: str
    threshold: float


def budget_levels(budget: float, cap: float) -> tuple[float, ...]:
    """The levels of adaptive inference: 1/4, 1/2, 1, 2, … times the budget, up to ``cap`` times and at most 1.

    Example:
        >>> budget_levels(0.05, 4.0)
        (0.0125, 0.025, 0.05, 0.1, 0.2)
    """
    top = min(1.0, cap * budget)
    levels = [budget / 4]
    while 2 * levels[-1] < top:
        levels.append(2 * levels[-1])
    return (*levels, top)


def adaptive_budget(plan: Spending) -> Inference:
    """Run every query level by level until the localiser is confident."""
    confidence = CONFIDENCES[plan.confidence]

    def infer(system: BudgetedVmr, batch: GroundingBatch, ledger: Ledger) -> list[QueryResult]:
        done: dict[int, QueryResult] = {}
        open_rows = list(range(len(batch.qids)))
        selection: Selection | None = None
        for rounds, level in enumerate(plan.levels, start=1):
            open_batch = batch.rows(open_rows)
            selection = select(system, open_batch, level, selection, ledger)
            moments = localise(system, open_batch, selection, ledger)
            results = results_by_query(selection, moments, rounds)
            last = level == plan.levels[-1]
            stops = [last or confidence(result.moments) >= plan.threshold for result in results]
            done |= {row: result for row, result, stop in zip(open_rows, results, stops, strict=True) if stop}
            kept = [b for b, stop in enumerate(stops) if not stop]
            open_rows, selection = [open_rows[b] for b in kept], selection.rows(kept)
            if not open_rows:
                break
        return [done[row] for row in range(len(batch.qids))]

    return infer


def plan_spending(system: BudgetedVmr, data: PreparedData) -> tuple[Spending, dict[str, float | str]]:
    """Set the stopping threshold on the validation split, such that the mean spending there equals the budget.

    Args:
        system: The trained system, in eval mode.
        data: Features, sentences and settings.

    Returns:
        The plan, and its facts: confidence, threshold, area under the ROC curve of each confidence as a classifier
        of hits, and mean share of clips spent on validation.

    Raises:
        UserError: The selector cannot extend an earlier selection, or there is no validation split.
    """
    config = data.config
    if not system.selector.continues:
        raise UserError(
            f"adaptive spending needs a selector that extends a selection: selector={config.selector.name} does not"
        )
    if not (queries := data.splits["val"]):
        raise UserError(
            f"adaptive spending sets its threshold on validation queries: data set {config.dataset.name} has none"
        )
    levels = budget_levels(config.budget, config.selector.cap)
    profile = _profile(system, data, queries, levels)
    auc = {name: separation(profile.confidence[name].ravel(), profile.hit.ravel()) for name in CONFIDENCES}
    best = max(auc, key=lambda name: auc[name])
    threshold = find_threshold(profile.confidence[best], profile.spent, config.budget)
    facts: dict[str, float | str] = {"confidence": best, "threshold": threshold}
    facts |= {f"auc_{name}": area for name, area in auc.items()}
    facts["val_mean"] = mean_spending(profile.confidence[best], profile.spent, threshold)
    return Spending(levels, best, threshold), facts


def mean_spending(confidence: NDArray[np.float64], spent: NDArray[np.float64], threshold: float) -> float:
    """Mean share of clips when queries stop at the first level whose confidence (Q, K) reaches the threshold.

    Args:
        confidence: Confidence of each query at each level (Q, K).
        spent: Share of clips spent by each query up to each level (Q, K).
        threshold: Confidence at which a query stops; a query that never reaches it stops at the last level.
    """
    enough = confidence >= threshold
    enough[:, -1] = True
    return float(spent[np.arange(len(spent)), enough.argmax(1)].mean())


def find_threshold(confidence: NDArray[np.float64], spent: NDArray[np.float64], target: float) -> float:
    """The highest threshold at which the mean spending does not exceed ``target``, by bisection.

    The arguments are those of ``mean_spending``, which grows with the threshold.
    """
    low, high = float(confidence.min()) - 1e-9, float(confidence.max()) + 1e-9
    if mean_spending(confidence, spent, high) <= target:
        return high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_spending(confidence, spent, middle) <= target else (low, middle)
    return low


@dataclass(frozen=True)
class _Profile:
    """Every validation query at every level (Q, K): confidences by name, share of clips spent, hit at IoU 0.3."""

    confidence: dict[str, NDArray[np.float64]]
    spent: NDArray[np.float64]
    hit: NDArray[np.bool_]


@torch.inference_mode()
def _profile(system: BudgetedVmr, data: PreparedData, queries: Sequence[Query], levels: tuple[float, ...]) -> _Profile:
    """Run all queries at all levels."""
    dataset = GroundingDataset(queries, data.index, data.expert, data.config.dataset.clip_s)
    truths = {query.qid: query.moments for query in queries}
    table: list[NDArray[np.float64]] = []
    for batch in DataLoader(dataset, data.config.trainer.batch_size, collate_fn=Collator(data.sentences)):
        selection: Selection | None = None
        columns = []
        for level in levels:
            selection = select(system, batch, level, selection, Ledger())
            moments = localise(system, batch, selection, Ledger())
            iou = best_iou_at(moments, [truths[qid] for qid in batch.qids], (1,))[:, 0]
            spent = selection.chosen.sum(-1) / batch.clips.mask.sum(-1)
            confidences = [[confidence(found) for found in moments] for confidence in CONFIDENCES.values()]
            columns.append(np.stack([iou.numpy(), spent.numpy(), *map(np.asarray, confidences)], -1))
        table.append(np.stack(columns, 1))
    whole = np.concatenate(table)  # (Q, K, 2 + confidences)
    columns_of = {name: whole[..., 2 + k] for k, name in enumerate(CONFIDENCES)}
    return _Profile(columns_of, whole[..., 1], whole[..., 0] >= _HIT_IOU)
