"""What a selector is asked and what it answers. Shapes: B queries, T clips."""

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


class Host(Protocol):
    """The part of a VMR model that a spotter shares."""

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Fuse video and text to (B, T, d)."""


class StoredExpert:
    """Expert features that are all here already: training and evaluation from the feature store."""

    def __init__(self, expert: Tensor) -> None:
        """Hold the features (B, T, D_f) of every clip."""
        self._expert = expert

    def fetch(self, clips: Tensor) -> Tensor:
        """Expert features (B, T, D_f) times the weight (B, T) of their clips."""
        return self._expert * clips[..., None]


@dataclass(frozen=True)
class SelectionRequest:
    """One question to a selector.

    Attributes:
        index: Index features (B, T, D_s).
        mask: Valid clips (B, T), bool.
        text: The encoded sentences.
        budget: Share of the valid clips that may be chosen, in (0, 1] (B,).
        source: Where expert features come from.
        host: The VMR model, whose cross-modal encoder a spotter shares.
        keys: Query ids: an arm that draws lots draws the same for the same query.
        target: The truth, for the oracle arm alone.
        before: What was chosen under a smaller budget; the spotter goes on from there.
    """

    index: Tensor
    mask: Tensor
    text: TextBatch
    budget: Tensor
    source: ExpertSource
    host: Host
    keys: tuple[str, ...]
    target: TargetBatch | None = None
    before: Selection | None = None


@dataclass(frozen=True)
class SoftBudget:
    """What the loss of a budget that is asked for and not kept exactly needs.

    Attributes:
        draws: What each step drew, also clips that were chosen before (N, B, T).
        budget: Share of the valid clips that was asked for (B,).
    """

    draws: Tensor
    budget: Tensor


@dataclass(frozen=True)
class Selection:
    """A selector's answer.

    Attributes:
        chosen: The chosen clips (B, T), bool; never more than the budget allows.
        weight: Equal to ``chosen`` in value (B, T), float; carries the gradient of a selector whose budget is soft.
        expert: Expert features (B, T, D_f), zero where not chosen.
        steps: The clips chosen at each step (B, T), bool; they are disjoint and join to ``chosen``.
        scores: The selector's logits at each step (B, T); empty for arms without.
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
