"""Builder of text encoders by name."""

from __future__ import annotations

import json
from pathlib import Path

from spotvmr.encoders.errands.index import PARTS
from spotvmr.encoders.errands.text import ErrandsText
from spotvmr.encoders.pooling import embedding_dim
from spotvmr.encoders.spec import TextEncoder
from spotvmr.encoders.state import errands_weights, fill, hash_state, read_weights
from spotvmr.encoders.text.hashed import HashedText
from spotvmr.errors import UserError

TEXT_FAMILIES = ("errands", "open_clip", "hf", "words")


def build_text_encoder(family: str, model: str = "", pretrained: str = "") -> TextEncoder:
    """Build a text encoder.

    Args:
        family: ``errands`` (the demo's own), ``open_clip``, ``hf`` (transformers) or ``words`` (no weights).
        model: Model or JSON configuration of open_clip; folder or name on the hub for ``hf``; else empty.
        pretrained: open_clip's weights (see ``encoders.open_clip``); for ``errands`` a folder with weights
            of ``spotvmr pretrain``, or empty for those that ship.

    Raises:
        UserError: Unknown family or model, absent weights, or weights of another net.
    """
    if family == "open_clip":
        return _clip_text(model, pretrained)
    if family == "hf":
        from spotvmr.encoders.text.hf import load_text

        return load_text(model)
    if family == "words":
        return HashedText()
    if family == "errands":
        return _errands_text(pretrained)
    raise UserError(f"the {family} family has no text encoder: set text.family to one of {', '.join(TEXT_FAMILIES)}")


def _errands_text(pretrained: str) -> ErrandsText:
    """The demo's text encoder with weights and identity."""
    path = errands_weights("text", pretrained)
    state, metadata = read_weights(path)
    text = ErrandsText(tuple(json.loads(metadata.get("words", "[]"))), sentence_dim=sum(PARTS.values()))
    fill(text, state, str(path))
    text.weights_hash = hash_state(text)
    return text.eval().requires_grad_(False)


def _clip_text(model: str, pretrained: str) -> TextEncoder:
    """The text tower of an open_clip model."""
    from spotvmr.encoders import open_clip

    clip = open_clip.load_clip(model, pretrained)
    name = Path(model).stem if model.endswith(".json") else model
    tokenizer = pretrained if pretrained.startswith("local-dir:") else name
    return open_clip.ClipText(clip, tokenizer, embedding_dim(open_clip.clip_embedder(clip)))
