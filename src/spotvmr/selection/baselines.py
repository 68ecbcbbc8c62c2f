"""Selectors without weights, the baselines of a spotter. All count the budget in the same way."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from spotvmr.errors import UserError
from spotvmr.selection.budget import clips_allowed, top_clips
from spotvmr.selection.protocol import Selector
from spotvmr.selection.request import Selection, SelectionRequest

Rule = Callable[[SelectionRequest], Tensor]
"""Scores every clip of a request (B, T); higher is chosen first."""


class FixedSelector(Selector):
    """Chooses the best clips within the budget by a rule without weights."""

    def __init__(self, rule: Rule) -> None:
        """Build around a rule."""
        super().__init__()
        self.rule = rule

    def forward(self, request: SelectionRequest) -> Selection:
        """Choose the best clips by the rule."""
        count = clips_allowed(request.budget, request.mask)
        return _selected(request, top_clips(self.rule(request), request.mask, count))


class AllClips(Selector):
    """Every valid clip, whatever the budget: the input of a teacher."""

    budget_kind = "ignored"

    def forward(self, request: SelectionRequest) -> Selection:
        """Choose every valid clip."""
        return _selected(request, request.mask)


class NoClips(Selector):
    """No clip: the index alone."""

    budget_kind = "ignored"

    def forward(self, request: SelectionRequest) -> Selection:
        """Choose nothing."""
        return _selected(request, torch.zeros_like(request.mask))


def random_rule(seed: int) -> Rule:
    """Random scores; a query and a seed have the same ones in every run."""

    def scores(request: SelectionRequest) -> Tensor:
        return random_scores(request, str(seed))

    return scores


def uniform_rule(request: SelectionRequest) -> Tensor:
    """Uniform sampling: the i-th of k clips lies at ``floor((i + 0.5) * T_valid / k)``."""
    scores = torch.zeros_like(request.index[..., 0])
    counts = clips_allowed(request.budget, request.mask).tolist()
    for row, k, t_valid in zip(scores, counts, request.mask.sum(-1).tolist(), strict=True):
        row[(2 * torch.arange(k, device=row.device) + 1) * t_valid // (2 * k)] = 1
    return scores


def similarity_rule(request: SelectionRequest) -> Tensor:
    """Cosine of sentence and index features, as DeCafNet and CONE preselect.

    Raises:
        UserError: They have different channels, and so lie in different spaces.
    """
    sentence_dim, index_dim = request.text.sentence.shape[-1], request.index.shape[-1]
    if sentence_dim != index_dim:
        raise UserError(
            f"selector=similarity compares sentences of {sentence_dim} channels with index features of {index_dim}: "
            "set text= to the text tower of the index, or another selector"
        )
    return nnf.cosine_similarity(request.index, request.text.sentence[:, None], dim=-1)


def oracle_rule(request: SelectionRequest) -> Tensor:
    """The true clips among at least as many decoys from other events of the video.

    A mask of the true clips alone would give the answer away, so that the true clips and the decoys
    are marked equal and half the budget at most is spent on the truth.
    """
    if request.target is None:
        raise ValueError("the oracle needs the true moments")
    true = request.target.inside > 0
    drawn = random_scores(request, "0")
    shown = top_clips(drawn, true & request.mask, clips_allowed(request.budget, request.mask) // 2)
    return drawn + 2.0 * shown + 1.0 * (request.target.other_moments & ~true) - 1.0 * (true & ~shown)


def random_scores(request: SelectionRequest, seed: str) -> Tensor:
    """Uniform numbers in [0, 1) (B, T) that seed, query id and clip determine, however long the padding."""
    t = request.mask.shape[1]
    rows = [np.random.default_rng(zlib.crc32(f"{seed}/{key}".encode())).random(t) for key in request.keys]
    return torch.from_numpy(np.stack(rows)).to(request.mask.device)


def _selected(request: SelectionRequest, chosen: Tensor) -> Selection:
    """Fetch the chosen clips in a single step."""
    weight = chosen.to(request.index.dtype)
    return Selection(chosen, weight, request.source.fetch(weight), (chosen,))
