"""What a selector is to the rest of the framework."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import nn

BudgetKind = Literal["ignored", "exact", "soft"]


class Selector(nn.Module):
    """A module that takes a ``SelectionRequest`` and gives a ``Selection``.

    The class attributes declare what the framework may do with it; a subclass sets those that differ.
    """

    budget_kind: ClassVar[BudgetKind] = "exact"
    """``exact``: never more clips than the budget allows. ``soft``: a loss pulls it towards the budget.
    ``ignored``: the budget changes nothing."""

    is_trained: ClassVar[bool] = False
    """Whether it has weights. Under an exact budget they learn from a loss on the scores of its selection."""

    continues: ClassVar[bool] = False
    """Whether it adds to the selection in ``SelectionRequest.before``; adaptive spending needs that."""

    def on_progress(self, progress: float) -> None:
        """Adapt to the share of the training that is over, in [0, 1]; called before each training step."""
