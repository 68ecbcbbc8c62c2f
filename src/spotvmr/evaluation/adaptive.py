"""Adaptive spending: a mean budget over queries; sure ones stop early, others get more.

Every query starts at a quarter of the budget. After each level the VMR model answers from the clips chosen so
far; is it confident enough, the query stops, else its budget is doubled and the spotter goes on from the same
clips, up to a hard cap. The threshold is found on the validation split, so that the mean spending there is
the budget; what a query spent on levels that did not suffice (previews, localiser) is on its bill.
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
from spotvmr.evaluation.inference import Ask, Asked, answers, localise, select, some
from spotvmr.extraction.prepare import PreparedData
from spotvmr.features.samples import Collator, GroundingDataset
from spotvmr.metrics import best_iou_at
from spotvmr.metrics.separation import separation
from spotvmr.models import share
from spotvmr.selection import Selection, Spotter
from spotvmr.types import Moment, Query
from spotvmr.types.batches import GroundingBatch

_HIT_IOU = 0.3
_HALVINGS = 60
"""Of the bisection: enough for every double between 0 and 1."""


def margin(moments: Sequence[Moment]) -> float:
    """Score of the best moment less that of the next one that does not overlap it too much."""
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


def levels_of(budget: float, cap: float) -> tuple[float, ...]:
    """A quarter, a half, once, twice … the budget, up to ``cap`` budgets and the whole video.

    Example:
        >>> levels_of(0.05, 4.0)
        (0.0125, 0.025, 0.05, 0.1, 0.2)
    """
    top = min(1.0, cap * budget)
    levels = [budget / 4]
    while 2 * levels[-1] < top:
        levels.append(2 * levels[-1])
    return (*levels, top)


def until_sure(plan: Spending) -> Ask:
    """Ask level by level until the localiser is sure."""

    def ask(system: BudgetedVmr, rows: GroundingBatch, ledger: Ledger) -> list[Asked]:
        given: dict[int, Asked] = {}
        going, selection = list(range(len(rows.qids))), None
        sure = CONFIDENCES[plan.confidence]
        for rounds, level in enumerate(plan.levels, start=1):
            here = some(rows, going)
            selection = select(system, here, level, selection, ledger)
            found = answers(selection, localise(system, here, selection, ledger), rounds)
            last = level == plan.levels[-1]
            stay = [b for b, answer in enumerate(found) if not last and sure(answer.moments) < plan.threshold]
            given |= {going[b]: answer for b, answer in enumerate(found) if b not in set(stay)}
            going, selection = [going[b] for b in stay], some(selection, stay)
            if not going:
                break
        return [given[b] for b in range(len(rows.qids))]

    return ask


def plan_spending(system: BudgetedVmr, data: PreparedData) -> tuple[Spending, dict[str, float | str]]:
    """Find on the validation split when to stop, so that the mean spending there is the budget.

    Args:
        system: The trained system, in eval mode.
        data: Features, sentences and settings.

    Returns:
        The plan, and what was found: confidence, threshold, how well each confidence tells hits from misses
        (area under the ROC curve), and mean share of clips spent on validation.

    Raises:
        UserError: The selector cannot go on from earlier clips, or there is no validation split.
    """
    config = data.config
    if not isinstance(system.selector, Spotter):
        raise UserError(f"adaptive spending needs a spotter that goes on: selector={config.selector.name} does not")
    if not (queries := data.splits["val"]):
        raise UserError(f"adaptive spending is set on validation: data set {config.dataset.name} has no val queries")
    levels = levels_of(config.budget, config.selector.cap)
    profile = _profile(system, data, queries, levels)
    told = {name: separation(profile.confidence[name].ravel(), profile.hit.ravel()) for name in CONFIDENCES}
    best = max(told, key=lambda name: told[name])
    threshold = find_threshold(profile.confidence[best], profile.spent, config.budget)
    facts: dict[str, float | str] = {"confidence": best, "threshold": threshold}
    facts |= {f"auc_{name}": auc for name, auc in told.items()}
    facts["val_mean"] = mean_spending(profile.confidence[best], profile.spent, threshold)
    return Spending(levels, best, threshold), facts


def mean_spending(confidence: NDArray[np.float64], spent: NDArray[np.float64], threshold: float) -> float:
    """Mean share of clips when queries stop at the first level whose confidence (Q, K) reaches the threshold.

    Args:
        confidence: Of each query at each level (Q, K).
        spent: Share of its clips that it has spent by then (Q, K).
        threshold: Where to stop; a query that never reaches it stops at the last level.
    """
    enough = confidence >= threshold
    enough[:, -1] = True
    return float(spent[np.arange(len(spent)), enough.argmax(1)].mean())


def find_threshold(confidence: NDArray[np.float64], spent: NDArray[np.float64], target: float) -> float:
    """The highest threshold, by bisection, at which the mean spending does not exceed ``target``.

    Arguments as ``mean_spending``, which grows with the threshold.
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
    """Every validation query at every level (Q, K): confidences by name, share of clips spent, whether it is a hit."""

    confidence: dict[str, NDArray[np.float64]]
    spent: NDArray[np.float64]
    hit: NDArray[np.bool_]


@torch.inference_mode()
def _profile(system: BudgetedVmr, data: PreparedData, queries: Sequence[Query], levels: tuple[float, ...]) -> _Profile:
    """Run all levels of all queries."""
    dataset = GroundingDataset(queries, data.index, data.expert, data.config.dataset.clip_s)
    truths = {query.qid: query.moments for query in queries}
    table: list[NDArray[np.float64]] = []
    for rows in DataLoader(dataset, data.config.trainer.batch_size, collate_fn=Collator(data.sentences)):
        selection: Selection | None = None
        columns = []
        for level in levels:
            selection = select(system, rows, level, selection, Ledger())
            moments = localise(system, rows, selection, Ledger())
            iou = best_iou_at(moments, [truths[qid] for qid in rows.qids], (1,))[:, 0]
            spent = selection.chosen.sum(-1) / rows.clips.mask.sum(-1)
            sure = [[measure(found) for found in moments] for measure in CONFIDENCES.values()]
            columns.append(np.stack([iou.numpy(), spent.numpy(), *map(np.asarray, sure)], -1))
        table.append(np.stack(columns, 1))
    whole = np.concatenate(table)  # (Q, K, 2 + confidences)
    confidence = {name: whole[..., 2 + k] for k, name in enumerate(CONFIDENCES)}
    return _Profile(confidence, whole[..., 1], whole[..., 0] >= _HIT_IOU)
