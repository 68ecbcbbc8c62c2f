"""The spotter of SpotEM as published (Ramakrishnan et al., ICML 2023), for comparison.

In each step the VMR model's own cross-modal encoder previews the video, and every clip is taken or left by a
straight-through Gumbel-softmax over two logits; masks are joined by a clamp. The budget is soft: a loss
(``losses.budget_loss``) pulls the share of taken clips towards it, and what is realised may lie above or below.

Deviations: the budget is an input, so that one checkpoint serves all budgets; the noise at test, which the
published code draws anew, is drawn from the query's id, so that an evaluation can be repeated; and the
temperature ends at a small number instead of 0, which divides.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spotvmr.selection.baselines import random_scores
from spotvmr.selection.protocol import Selector
from spotvmr.selection.request import Selection, SelectionRequest, SoftBudget, nothing_chosen
from spotvmr.types.batches import ClipInputs

LOWEST_TEMPERATURE = 0.1


class GumbelSpotter(Selector):
    """Selects clips in steps under a soft budget.

    Args:
        dim: Channels d of the VMR model's fused features.
        steps: Steps N; 4 as published.
        noise: Scale of the Gumbel noise; 1 as published.
        temperature: Of the softmax when training begins; 5 as published.
        seed: Of the noise at test.
        indicator: Whether previews see which clips have expert features.
    """

    budget_kind = "soft"
    is_trained = True

    def __init__(
        self, dim: int, steps: int, noise: float, temperature: float, seed: int, indicator: bool = True
    ) -> None:
        super().__init__()
        self.steps, self.noise, self.seed, self.indicator = steps, noise, seed, indicator
        self.first_temperature = self.temperature = temperature
        self.budget_in = nn.Linear(1, dim)
        self.head = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 2))

    def on_progress(self, progress: float) -> None:
        """Lower the temperature linearly with the share of the training that is over."""
        self.temperature = max(LOWEST_TEMPERATURE, self.first_temperature * (1 - progress))

    def forward(self, request: SelectionRequest) -> Selection:
        """Take about ``r * T_valid`` clips of each query, possibly none."""
        start = nothing_chosen(request)
        taken, expert = start.weight, start.expert
        picks, scores, draws = [], [], []
        for step in range(self.steps):
            logits = self._preview(request, expert, taken)
            draw = self._draw(logits, request, step)
            after = _joined(taken, draw)
            expert = expert + request.source.fetch(after - taken)
            picks.append((after > 0.5) & ~(taken > 0.5))
            scores.append(logits[..., 1] - logits[..., 0])
            draws.append(draw)
            taken = after
        soft = SoftBudget(torch.stack(draws), request.budget)
        return Selection(taken > 0.5, taken, expert, tuple(picks), tuple(scores), soft)

    def _preview(self, request: SelectionRequest, expert: Tensor, taken: Tensor) -> Tensor:
        """Logits of leaving and taking each clip (B, T, 2)."""
        shown = taken if self.indicator else torch.zeros_like(taken)
        fused = request.vmr_model.encode(ClipInputs(request.index, expert, shown, request.mask), request.text)
        budget = self.budget_in(request.budget.to(fused.dtype).log10()[:, None])
        logits: Tensor = self.head(fused + budget[:, None])
        return logits

    def _draw(self, logits: Tensor, request: SelectionRequest, step: int) -> Tensor:
        """The mask of one step (B, T): 0 or 1 in value, with the gradient of the softmax."""
        noisy = logits + self.noise * self._gumbel(logits, request, step)
        hard = (noisy[..., 1] > noisy[..., 0]).to(logits.dtype) * request.mask
        soft = torch.softmax(noisy / self.temperature, -1)[..., 1] * request.mask
        # The brackets make the difference exactly 0 in value.
        return hard + (soft - soft.detach())

    def _gumbel(self, logits: Tensor, request: SelectionRequest, step: int) -> Tensor:
        """Standard Gumbel noise (B, T, 2): in training any, at test that of the query."""
        if self.training:
            uniform = torch.rand_like(logits)
        else:
            pair = [random_scores(request, f"{self.seed}/{step}/{side}") for side in ("leave", "take")]
            uniform = torch.stack(pair, -1).to(logits.dtype)
        # Bounded away from the logarithm of zero.
        return -torch.log(-torch.log(uniform.clamp(1e-9, 1 - 1e-7)))


def _joined(taken: Tensor, draw: Tensor) -> Tensor:
    """What is taken after a draw (B, T): 1 where either mask is, with no gradient where both are, as published.

    Not by ``clamp(0, 1)``: PyTorch 2.14 lets no gradient pass at the limits, where all of these values lie.
    """
    both = taken + draw
    return torch.where(both > 1, torch.ones_like(both), both)
