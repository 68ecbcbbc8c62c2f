"""Input and output of a selector. Shapes: B queries, T clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from spotvmr.types.batches import ClipInputs, TargetBatch, TextBatch


class ExpertSource(Protocol):
    """Gives expert features of clips: from a store in training, by decoding and encoding in retrieval."""

    def fetch(self, clips: Tensor) -> Tensor:
        """Expert features (B, T, D_f) of the clips whose weight (B, T) is not zero, zeros elsewhere.

        The weight multiplies the features, so that a gradient reaches the selector.
        """


class PreviewModel(Protocol):
    """The part of a VMR model that a spotter may share."""

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Fuse video and text to (B, T, d)."""


class StoredExpert:
    """Expert features from the feature store, for training and evaluation."""

    def __init__(self, expert: Tensor) -> None:
        """Hold the features (B, T, D_f) of every clip."""
        self._expert = expert

    def fetch(self, clips: Tensor) -> Tensor:
        """Expert features (B, T, D_f) times the weight (B, T) of their clips."""
        return self._expert * clips[..., None]


@dataclass(frozen=True)
class SelectionRequest:
    """The input of a selector.

    Attributes:
        index: Index features (B, T, D_s).
        mask: Valid clips (B, T), bool.
        text: The encoded sentences.
        budget: Share of the valid clips that may be chosen, in (0, 1] (B,).
        source: Where expert features come from.
        vmr_model: The VMR model, whose cross-modal encoder a spotter may share.
        keys: Query ids; random scores depend on them, so that a query gets the same ones in every run.
        target: The true moments, for the oracle alone.
        before: The selection under a smaller budget; a selector that ``continues`` adds to it.
    """

    index: Tensor
    mask: Tensor
    text: TextBatch
    budget: Tensor
    source: ExpertSource
    vmr_model: PreviewModel
    keys: tuple[str, ...]
    target: TargetBatch | None = None
    before: Selection | None = None


@dataclass(frozen=True)
class SoftBudget:
    """The input of the budget loss of a selector with a soft budget.

    Attributes:
        draws: What each step drew, also clips that were chosen before (N, B, T).
        budget: The requested share of the valid clips (B,).
    """

    draws: Tensor
    budget: Tensor


@dataclass(frozen=True)
class Selection:
    """The output of a selector.

    Attributes:
        chosen: The chosen clips (B, T), bool; never more than the budget allows.
        weight: Equal to ``chosen`` in value (B, T), float; carries the gradient of a selector whose budget is soft.
        expert: Expert features (B, T, D_f), zero where not chosen.
        steps: The clips chosen at each step (B, T), bool; they are disjoint and join to ``chosen``.
        scores: The selector's logits at each step (B, T); empty for selectors without.
        soft: Of selectors whose budget is soft alone; their ``chosen`` may exceed it.
    """

    chosen: Tensor
    weight: Tensor
    expert: Tensor
    steps: tuple[Tensor, ...]
    scores: tuple[Tensor, ...] = ()
    soft: SoftBudget | None = None

    def rows(self, index: Sequence[int]) -> Selection:
        """Return the selections of some queries, in the order of ``index``."""
        kept = list(index)
        return Selection(
            self.chosen[kept],
            self.weight[kept],
            self.expert[kept],
            tuple(step[kept] for step in self.steps),
            tuple(score[kept] for score in self.scores),
            SoftBudget(self.soft.draws[:, kept], self.soft.budget[kept]) if self.soft else None,
        )


def nothing_chosen(request: SelectionRequest) -> Selection:
    """The selection before the first step: no clip of any query."""
    weight = torch.zeros_like(request.index[..., 0])
    return Selection(torch.zeros_like(request.mask), weight, request.source.fetch(weight), ())
