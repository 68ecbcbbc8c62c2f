"""Selector and VMR model as one network: the same code in training, evaluation and retrieval."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from spotvmr.models import VmrModel, VmrOutput
from spotvmr.selection import ExpertSource, Selection, SelectionRequest
from spotvmr.types.batches import ClipInputs, TargetBatch, TextBatch


@dataclass(frozen=True)
class SystemOutput:
    """What was looked at and what was found."""

    selection: Selection
    vmr: VmrOutput


class BudgetedVmr(nn.Module):
    """A VMR model that sees expert features only where its selector spends the budget.

    Args:
        model: The VMR model.
        selector: Maps a ``SelectionRequest`` to a ``Selection``.
    """

    def __init__(self, model: VmrModel, selector: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.selector = selector

    def forward(
        self,
        index: Tensor,
        mask: Tensor,
        text: TextBatch,
        budget: Tensor,
        source: ExpertSource,
        keys: tuple[str, ...],
        target: TargetBatch | None = None,
    ) -> SystemOutput:
        """Select, then localise.

        Args:
            index: Index features (B, T, D_s).
            mask: Valid clips (B, T), bool.
            text: The encoded sentences.
            budget: Share of the valid clips (B,).
            source: Where expert features come from.
            keys: Query ids, B of them.
            target: The truth, for the oracle arm alone.
        """
        selection = self.selector(SelectionRequest(index, mask, text, budget, source, self.model, keys, target))
        return SystemOutput(selection, self.localise(index, mask, text, selection))

    def localise(self, index: Tensor, mask: Tensor, text: TextBatch, selection: Selection) -> VmrOutput:
        """Run the VMR model under a selection that was made before."""
        seen = ClipInputs(index, selection.expert, selection.weight, mask)
        return self.model(seen, text)
