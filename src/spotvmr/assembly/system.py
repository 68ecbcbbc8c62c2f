"""Selector and VMR model as one network: the same code in training, evaluation and retrieval."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from spotvmr.cost import count_gflops
from spotvmr.models import VmrModel, VmrOutput, rerank
from spotvmr.selection import ExpertSource, Selection, SelectionRequest, Selector
from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TargetBatch, TextBatch


@dataclass(frozen=True)
class SystemOutput:
    """The selection, and the output of the VMR model under it."""

    selection: Selection
    vmr: VmrOutput


class BudgetedVmr(nn.Module):
    """A VMR model that sees expert features only where its selector spends the budget.

    Args:
        model: The VMR model.
        selector: Maps a ``SelectionRequest`` to a ``Selection``.
        rerank: Weight of the selector's scores in the ranking of moments; 0 ranks by the model's alone.
        indicator: Whether the model sees which clips have expert features.
    """

    def __init__(self, model: VmrModel, selector: Selector, rerank: float = 0.0, indicator: bool = True) -> None:
        super().__init__()
        self.model = model
        self.selector = selector
        self.rerank, self.indicator = rerank, indicator

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
            target: The truth, for the oracle alone.
        """
        selection = self.selector(SelectionRequest(index, mask, text, budget, source, self.model, keys, target))
        return SystemOutput(selection, self.localise(index, mask, text, selection))

    def localise(self, index: Tensor, mask: Tensor, text: TextBatch, selection: Selection) -> VmrOutput:
        """Run the VMR model under a selection that was made before."""
        shown = selection.weight if self.indicator else torch.zeros_like(selection.weight)
        seen = ClipInputs(index, selection.expert, shown, mask)
        return self.model(seen, text)

    @torch.no_grad()
    def query_gflops(self, request: SelectionRequest) -> tuple[float, float]:
        """GFLOPs of the selector and of the VMR model for a request, counted by running it; 2 per multiply-add."""
        selection = self.selector(request)
        model = count_gflops(self.localise, request.index, request.mask, request.text, selection)
        return count_gflops(self.selector, request), model

    def decode(self, selection: Selection, output: VmrOutput, clip_s: float, duration_s: Tensor) -> list[list[Moment]]:
        """Moments of each query, best first, ranked by the model and by the selector.

        Args:
            selection: What the output was localised under.
            output: Of ``localise``.
            clip_s: Length of a clip in seconds.
            duration_s: Seconds from the first position to the end of the video (B,).
        """
        moments = self.model.decode(output, clip_s, duration_s)
        if not (self.rerank and selection.scores):
            return moments
        scores = torch.stack(selection.scores).mean(0)
        rows = zip(moments, scores, output.mask, strict=True)
        return [rerank(found, score[valid], clip_s, self.rerank) for found, score, valid in rows]
