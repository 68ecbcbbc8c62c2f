"""Asking a trained system: once at a budget, or level by level until the localiser is sure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

from spotvmr.assembly import BudgetedVmr
from spotvmr.cost import Ledger
from spotvmr.selection import Selection, SelectionRequest, StoredExpert
from spotvmr.types import Moment
from spotvmr.types.batches import GroundingBatch

_T = TypeVar("_T")


@dataclass(frozen=True)
class Asked:
    """The answer to one query.

    Attributes:
        moments: Found moments, best first.
        chosen: The clips that got expert features (T,), bool.
        steps: The clips chosen at each step (T,), bool.
        scores: The selector's scores at each step (T,); empty for arms without.
        rounds: How often selector and VMR model ran.
    """

    moments: list[Moment]
    chosen: Tensor
    steps: list[Tensor]
    scores: list[Tensor]
    rounds: int = 1


Ask = Callable[[BudgetedVmr, GroundingBatch, Ledger], list[Asked]]
"""Asks the queries of a batch, charges the ledger, answers in the order of the batch."""


def once(budget: float, mask_only: bool = False) -> Ask:
    """Ask every query under the same budget.

    Args:
        budget: Share of the valid clips.
        mask_only: Select as ever, then show the VMR model which clips were chosen but zeros for their expert
            features: what it still gains over no selection at all, the mask gave away.
    """

    def ask(system: BudgetedVmr, rows: GroundingBatch, ledger: Ledger) -> list[Asked]:
        selection = select(system, rows, budget, None, ledger)
        if mask_only:
            selection = replace(selection, expert=torch.zeros_like(selection.expert))
        return answers(selection, localise(system, rows, selection, ledger))

    return ask


def select(
    system: BudgetedVmr, rows: GroundingBatch, budget: float, before: Selection | None, ledger: Ledger
) -> Selection:
    """Choose clips under a budget, going on from what was chosen before."""
    with ledger.stage("selection"):
        selection: Selection = system.selector(request_of(system, rows, budget, before))
    return selection


def request_of(
    system: BudgetedVmr, rows: GroundingBatch, budget: float, before: Selection | None = None
) -> SelectionRequest:
    """The question that a batch is to a selector, on stored features."""
    clips, share = rows.clips, torch.full((len(rows.qids),), budget, dtype=torch.float64)
    source = StoredExpert(clips.expert)
    return SelectionRequest(
        clips.index, clips.mask, rows.text, share, source, system.model, rows.qids, rows.target, before
    )


def localise(system: BudgetedVmr, rows: GroundingBatch, selection: Selection, ledger: Ledger) -> list[list[Moment]]:
    """Moments of each query under a selection, best first."""
    with ledger.stage("model"):
        output = system.localise(rows.clips.index, rows.clips.mask, rows.text, selection)
        return system.decode(selection, output, rows.clip_s, rows.duration_s)


def answers(selection: Selection, moments: list[list[Moment]], rounds: int = 1) -> list[Asked]:
    """Take the answers of a batch apart, query by query."""
    return [
        Asked(
            moments[b],
            selection.chosen[b],
            [step[b] for step in selection.steps],
            [score[b] for score in selection.scores],
            rounds,
        )
        for b in range(len(moments))
    ]


def some(batch: _T, rows: list[int]) -> _T:
    """Some queries of a batch, a selection or any other dataclass or tuple of tensors with B rows each."""
    value: Any = batch
    if isinstance(value, Tensor):
        return value[rows]  # type: ignore[return-value]
    if isinstance(value, tuple):
        # Query ids are a row each; the steps of a selection are tensors with all rows.
        ids = bool(value) and isinstance(value[0], str)
        return tuple(value[r] for r in rows) if ids else tuple(some(v, rows) for v in value)  # type: ignore[return-value]
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: some(getattr(value, f.name), rows) for f in fields(value)})  # type: ignore[return-value]
    return batch
