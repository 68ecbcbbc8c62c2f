"""The spotter: selects clips in steps; each step previews the video with the expert features so far.

After SpotEM (Ramakrishnan et al., ICML 2023) and SpotVMR (AAAI 2024), with these differences: the
budget is exact (top k, never more), noise is drawn in training only, chosen clips leave the pool,
an indicator channel marks what was really computed, the budget itself is an input, and clips beside a
better one count less, in the last steps by less and less: the first steps probe a clip or two of each
candidate event, the last spend what is left where the probes point.

What to choose is learnt from the scores' own loss (``losses.ranking_loss``), at every state that the
spotter's own noisy choices lead to, as in imitation learning on the learner's own path (DAgger, Ross et
al., AISTATS 2011). No gradient passes the choice: the straight-through gradient of SpotEM finds fewer of
the true clips (``experiments/main_job``). Training takes fewer steps than inference, which only costs less: what
a preview has to know does not depend on how many come after it.

Its scores also enter the ranking of the moments (``models.rerank``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from spotvmr.selection.budget import clips_allowed, split_over_steps, spread_clips
from spotvmr.selection.protocol import Selector
from spotvmr.selection.request import Selection, SelectionRequest, nothing_chosen
from spotvmr.types.batches import ClipInputs

_PRIOR = 10.0
"""First weight of the similarity in the scores, learnt from there: the inverse of a contrastive temperature of 0.1."""


class Spotter(Selector):
    """Selects clips in steps; each one previews the video with the features fetched so far.

    Args:
        dim: Channels d of the fused features.
        penalties: Of each step, what a clip's score loses for each better clip near it; a single step makes a one-shot
            selector.
        train_penalties: Of each step in training.
        spread: Clips to either side that count as near.
        noise: Scale of the Gumbel noise on scores in training.
        encoder: A cross-modal encoder of the spotter's own; None shares that of the VMR model, as SpotEM does.
        indicator: Whether previews see which clips have expert features.
    """

    is_trained = True
    continues = True

    def __init__(
        self,
        dim: int,
        penalties: Sequence[float],
        train_penalties: Sequence[float],
        spread: int,
        noise: float,
        encoder: nn.Module | None = None,
        indicator: bool = True,
    ) -> None:
        super().__init__()
        self.encoder, self.indicator = encoder, indicator
        self.penalties, self.train_penalties = tuple(penalties), tuple(train_penalties)
        self.spread, self.noise = spread, noise
        self.prior = nn.Parameter(torch.tensor(_PRIOR))
        self.budget_in = nn.Linear(1, dim)
        self.head = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 1))

    def forward(self, request: SelectionRequest) -> Selection:
        """Choose exactly ``max(1, round(r * T_valid))`` clips of each query, those chosen before among them."""
        start = request.before or nothing_chosen(request)
        weight, expert, chosen = start.weight, start.expert, start.chosen
        picks, scores = list(start.steps), list(start.scores)
        more = (clips_allowed(request.budget, request.mask) - chosen.sum(-1)).clamp(min=0)
        penalties = self.train_penalties if self.training else self.penalties
        counts = split_over_steps(more, len(penalties))
        for count, penalty in zip(counts, penalties, strict=True):
            score = self.preview(request, expert, weight)
            pick = self._pick(score.detach(), chosen, request.mask, count, penalty)
            step_weight = pick.to(weight.dtype)
            expert = expert + request.source.fetch(step_weight)
            weight, chosen = weight + step_weight, chosen | pick
            picks.append(pick)
            scores.append(score)
        return Selection(chosen, weight, expert, tuple(picks), tuple(scores))

    def preview(self, request: SelectionRequest, expert: Tensor, weight: Tensor) -> Tensor:
        """Score every clip (B, T) from the index and the expert features fetched so far."""
        shown = weight if self.indicator else torch.zeros_like(weight)
        seen = ClipInputs(request.index, expert, shown, request.mask)
        fused = (
            request.vmr_model.encode(seen, request.text) if self.encoder is None else self.encoder(seen, request.text)
        )
        # log10 keeps 1 % … 100 % in -2 … 0.
        budget = self.budget_in(request.budget.to(fused.dtype).log10()[:, None])
        return self.head(fused + budget[:, None]).squeeze(-1) + self.prior * _similarity(request)

    def _pick(self, score: Tensor, chosen: Tensor, mask: Tensor, count: Tensor, penalty: float) -> Tensor:
        """The best ``count`` clips that were not chosen before (B, T), bool."""
        if self.training and self.noise > 0:
            score = score + self.noise * _gumbel_like(score)
        return spread_clips(score, mask & ~chosen, mask, count, self.spread, penalty)


def _similarity(request: SelectionRequest) -> Tensor:
    """Cosine of sentence and index features (B, T), or 0 where they lie in different spaces.

    It makes the first selections of a training useful. Without it the localiser learnt less.
    """
    if request.text.sentence.shape[-1] != request.index.shape[-1]:
        return torch.zeros_like(request.index[..., 0])
    return nnf.cosine_similarity(request.index, request.text.sentence[:, None], dim=-1)


def _gumbel_like(score: Tensor) -> Tensor:
    """Standard Gumbel noise; bounded away from the logarithm of zero."""
    uniform = torch.rand_like(score).clamp(min=1e-9, max=1 - 1e-7)
    return -torch.log(-torch.log(uniform))


def selection_entropy(score: Tensor, mask: Tensor) -> Tensor:
    """Entropy of the softmax of scores over valid clips, as a share of the largest possible (B,)."""
    log_p = torch.log_softmax(score.masked_fill(~mask, torch.finfo(score.dtype).min), -1)
    entropy = -(log_p.exp() * log_p * mask).sum(-1)
    return entropy / mask.sum(-1).clamp(min=2).log().clamp(min=math.log(2))
