"""Index, expert and text encoders over open_clip models; the only module that imports open_clip.

A model is named as open_clip names it, or by a JSON configuration of its own (``conf/openclip/*.json`` are
known by name). ``pretrained`` is one of

* a tag of open_clip (``openai``, ``datacompdr``, …), fetched when not in the cache;
* a weights file; it brings no preprocessing of its own, open_clip's default is used;
* ``local-dir:FOLDER`` with ``open_clip_config.json`` and weights, which brings its preprocessing;
* ``random`` or ``random:SEED``: random weights, for timing and tests only. Nothing else ever runs unweighted.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import open_clip
import torch
from torch import nn

from spotvmr.encoders.pooling import FrameEmbedder
from spotvmr.encoders.preprocess import Preprocess
from spotvmr.encoders.state import hash_state, random_weights, said_by
from spotvmr.errors import UserError
from spotvmr.types.batches import TextBatch

_LOCAL = "local-dir:"


def load_clip(model: str, pretrained: str) -> nn.Module:
    """Build an open_clip model in evaluation mode.

    Args:
        model: Name, or path of a JSON configuration; not read for ``local-dir:``, which brings its own.
        pretrained: As in the head of this module.

    Raises:
        UserError: Unknown model or weights, weights that do not fit or cannot be fetched, or none named.
    """
    open_clip.add_model_config(Path(str(files("spotvmr") / "conf" / "openclip")))
    if not pretrained:
        raise UserError(f"open_clip model {model} without weights: set pretrained to a tag, a file or {_LOCAL}FOLDER")
    name = pretrained if pretrained.startswith(_LOCAL) else _known_name(model)
    with random_weights(pretrained) as random, _quiet():
        try:
            return _create(name, pretrained, random).eval().requires_grad_(False)
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            raise UserError(f"open_clip cannot give {model} with pretrained={pretrained}: {said_by(error)}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence open_clip's messages to the root logger; errors are raised as one line."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def _create(name: str, pretrained: str, random: bool) -> nn.Module:
    """Call open_clip; without ``require_pretrained`` it would return random weights silently."""
    device = torch.get_default_device()
    if random or device.type == "meta":  # the meta device: a net is only outlined
        return open_clip.create_model(name, pretrained_text=False, load_weights=False, device=device)
    tag = None if name.startswith(_LOCAL) else pretrained
    return open_clip.create_model(name, pretrained=tag, require_pretrained=True)


def _known_name(model: str) -> str:
    """Name of a model in open_clip; a JSON file is registered first."""
    path = Path(model)
    if path.suffix == ".json":
        if not path.is_file():
            raise UserError(f"open_clip configuration {model} is absent: give a file or one of the known names")
        open_clip.add_model_config(path)
        return path.stem
    if model not in open_clip.list_models():
        near = difflib.get_close_matches(model, open_clip.list_models(), n=3, cutoff=0.4)
        raise UserError(f"open_clip has no model '{model}'" + (f"; near it: {', '.join(near)}" if near else ""))
    return model


def clip_embedder(model: nn.Module) -> FrameEmbedder:
    """The image tower of a model with its own preprocessing."""
    return FrameEmbedder(model.get_submodule("visual"), Preprocess(open_clip.get_model_preprocess_cfg(model)))


class ClipText(nn.Module):
    """Token features before the projection, and sentences in the space of its image embeddings."""

    def __init__(self, model: nn.Module, name: str, sentence_dim: int) -> None:
        """Take the text tower of a model.

        Args:
            model: From ``load_clip``.
            name: Name that ``open_clip.get_tokenizer`` knows.
            sentence_dim: Channels of an embedding.
        """
        super().__init__()
        model.visual = nn.Identity()  # the image tower is not needed here
        self.model, self.tokenize, self.sentence_dim = model, open_clip.get_tokenizer(name), sentence_dim
        self.weights_hash = hash_state(model)
        self.dim = int(self.encode(["a"]).tokens.shape[-1])

    @torch.no_grad()
    def encode(self, texts: list[str]) -> TextBatch:
        """Encode sentences: tokens (B, L, D_q), mask (B, L), sentence (B, D_s); without gradients."""
        device = next(self.model.parameters()).device
        numbers = self.tokenize(texts).to(device)
        look_inside = cast(Callable[..., dict[str, Any]], self.model.forward_intermediates)
        out = look_inside(
            text=numbers, text_indices=1, text_output_fmt="NLC", normalize=True, normalize_intermediates=True
        )
        # Padding is 0 and trails; 0 inside a sentence is a real token ("!").
        mask = numbers.flip(1).cumsum(1).flip(1) > 0
        longest = int(mask.sum(1).max())
        sentence = out["text_features"] * self.sentence_dim**0.5
        return TextBatch(out["text_intermediates"][-1][:, :longest], mask[:, :longest], sentence)
