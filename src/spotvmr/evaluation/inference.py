"""Inference on a batch of queries at a fixed budget, and the steps that adaptive inference shares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from spotvmr.assembly import BudgetedVmr
from spotvmr.cost import Ledger
from spotvmr.selection import Selection, SelectionRequest, StoredExpert
from spotvmr.types import Moment
from spotvmr.types.batches import GroundingBatch


@dataclass(frozen=True)
class QueryResult:
    """The result of one query.

    Attributes:
        moments: Predicted moments, best first.
        chosen: The clips that got expert features (T,), bool.
        steps: The clips chosen at each step (T,), bool.
        scores: The selector's scores at each step (T,); empty for selectors without scores.
        rounds: Number of runs of selector and VMR model.
    """

    moments: list[Moment]
    chosen: Tensor
    steps: list[Tensor]
    scores: list[Tensor]
    rounds: int = 1


Inference = Callable[[BudgetedVmr, GroundingBatch, Ledger], list[QueryResult]]
"""Runs the queries of a batch, charges the ledger, and returns results in the order of the batch."""


def fixed_budget(budget: float, mask_only: bool = False) -> Inference:
    """Run every query at the same budget.

    Args:
        budget: Share of the valid clips.
        mask_only: Zero the expert features of the selected clips. The VMR model sees only which clips were selected.
            Its gain over no selection is what the mask alone reveals.
    """

    def infer(system: BudgetedVmr, batch: GroundingBatch, ledger: Ledger) -> list[QueryResult]:
        selection = select(system, batch, budget, None, ledger)
        if mask_only:
            selection = replace(selection, expert=torch.zeros_like(selection.expert))
        return results_by_query(selection, localise(system, batch, selection, ledger))

    return infer


def select(
    system: BudgetedVmr, batch: GroundingBatch, budget: float, before: Selection | None, ledger: Ledger
) -> Selection:
    """Select clips under a budget; ``before`` is the selection under a smaller budget that is extended."""
    with ledger.stage("selection"):
        selection: Selection = system.selector(request_of(system, batch, budget, before))
    return selection


def request_of(
    system: BudgetedVmr, batch: GroundingBatch, budget: float, before: Selection | None = None
) -> SelectionRequest:
    """The selector's input for a batch with stored expert features."""
    clips, share = batch.clips, torch.full((len(batch.qids),), budget, dtype=torch.float64)
    source = StoredExpert(clips.expert)
    return SelectionRequest(
        clips.index, clips.mask, batch.text, share, source, system.model, batch.qids, batch.target, before
    )


def localise(system: BudgetedVmr, batch: GroundingBatch, selection: Selection, ledger: Ledger) -> list[list[Moment]]:
    """Moments of each query under a selection, best first."""
    with ledger.stage("model"):
        output = system.localise(batch.clips.index, batch.clips.mask, batch.text, selection)
        return system.decode(selection, output, batch.clip_s, batch.duration_s)


def results_by_query(selection: Selection, moments: list[list[Moment]], rounds: int = 1) -> list[QueryResult]:
    """Divide the selection and the moments of a batch into one result for each query."""
    return [
        QueryResult(
            moments[b],
            selection.chosen[b],
            [step[b] for step in selection.steps],
            [score[b] for score in selection.scores],
            rounds,
        )
        for b in range(len(moments))
    ]
