"""A system that nobody trained: two image-text models, a spotter that follows their similarities, a grouping rule."""

from __future__ import annotations

import torch
from torch import nn

from spotvmr.assembly.system import BudgetedVmr
from spotvmr.config.schema import Config, EncoderConfig
from spotvmr.encoders import FrozenEncoder, TextEncoder, build_expert, build_index, build_text_encoder
from spotvmr.errors import UserError
from spotvmr.models import ZeroShot
from spotvmr.selection import Spotter
from spotvmr.types.batches import TextBatch

_PENALTIES = (1e3, 0.0)
"""Of the two steps: the first takes one clip of each place, the second the best."""
_SPREAD = 2
"""Clips to either side that a clip of the first step stands for."""


class PairedText:
    """Sentences in the spaces of two models: ``sentence`` in that of the index, one token in that of the expert.

    Args:
        index: Text tower of the index.
        expert: Text tower of the expert.
    """

    def __init__(self, index: TextEncoder, expert: TextEncoder) -> None:
        self._index, self._expert = index, expert
        self.dim, self.sentence_dim = expert.sentence_dim, index.sentence_dim
        self.weights_hash = f"{index.weights_hash}+{expert.weights_hash}"

    def encode(self, texts: list[str]) -> TextBatch:
        """Encode sentences: tokens (B, 1, D_e), mask (B, 1), sentence (B, D_s)."""
        token = self._expert.encode(texts).sentence[:, None]
        mask = torch.ones(token.shape[:2], dtype=torch.bool, device=token.device)
        return TextBatch(token, mask, self._index.encode(texts).sentence)


def build_zero_shot(config: Config) -> tuple[BudgetedVmr, FrozenEncoder, FrozenEncoder, PairedText]:
    """System, index encoder, expert encoder and text of a zero-shot search.

    The spotter takes its scores from the model as they are: first one clip of each place that the index finds
    similar, with half the budget, then the clips around those that the expert finds similar too.

    Args:
        config: Of ``index`` and ``expert``, which are open_clip models; ``selector`` and ``text`` are not read.

    Raises:
        UserError: An encoder is no image-text model, or its weights are not here and cannot be fetched.
    """
    for role, encoder in (("index", config.index), ("expert", config.expert)):
        _check(role, encoder)
    try:
        index, expert = _encoder("index", config), _encoder("expert", config)
        towers = [build_text_encoder(e.family, e.model, e.pretrained) for e in (config.index, config.expert)]
    except UserError as error:
        raise UserError(
            f"{str(error).rstrip('.')}; zero-shot search fetches weights at first use: without a network set "
            "index.pretrained= and expert.pretrained= to a weights file or to local-dir:FOLDER, or search with a "
            "trained run (docs/how-to/search.md)"
        ) from error
    text = PairedText(towers[0], towers[1])
    model = ZeroShot(text.dim, config.model.top_k)
    return BudgetedVmr(model, _spotter()), index, expert, text


def _spotter() -> Spotter:
    """A spotter whose preview is the score of the VMR model: its head passes it on, likeness and budget add nothing."""
    spotter = Spotter(ZeroShot.dim, _PENALTIES, _PENALTIES, _SPREAD, noise=0.0)
    spotter.head = nn.Sequential()
    for weight in (spotter.prior, *spotter.budget_in.parameters()):
        nn.init.zeros_(weight)
    return spotter.requires_grad_(False)


def _encoder(role: str, config: Config) -> FrozenEncoder:
    """One of the two image towers on the device."""
    encoder: EncoderConfig = getattr(config, role)
    build = build_index if role == "index" else build_expert
    return build(encoder.family, encoder.model, encoder.pretrained, encoder.frames).to(config.device)


def _check(role: str, encoder: EncoderConfig) -> None:
    """Refuse encoders that no sentence can be compared with."""
    if encoder.family != "open_clip" or encoder.derive:
        wanted = "mobileclip2-s0" if role == "index" else "vit-l-14"
        raise UserError(
            f"zero-shot search compares sentences with images, which {role}={encoder.name} cannot: set {role}= to an "
            f"open_clip model such as {wanted}"
        )
