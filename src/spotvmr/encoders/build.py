"""From plain names to encoders: the demo's own and those over open_clip."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from spotvmr.encoders.blocks import fold_batchnorm
from spotvmr.encoders.errands_expert import ErrandsExpert
from spotvmr.encoders.errands_index import PARTS, ErrandsIndex
from spotvmr.encoders.errands_text import ErrandsText
from spotvmr.encoders.frozen import FrozenEncoder
from spotvmr.encoders.spec import EncoderSpec, TextEncoder
from spotvmr.encoders.state import fill, hash_state, read_weights, shipped
from spotvmr.errors import UserError

if TYPE_CHECKING:
    from spotvmr.encoders.open_clip import ClipExpert, ClipIndex

FAMILIES = ("errands", "open_clip")


def build_index(family: str, model: str = "", pretrained: str = "", frames: int = 1) -> FrozenEncoder:
    """Build an index encoder.

    Args:
        family: ``errands`` (the demo's own) or ``open_clip``.
        model: Model or JSON configuration of open_clip; empty for ``errands``.
        pretrained: open_clip's weights (see ``encoders.open_clip``); for ``errands`` a folder with weights
            of ``spotvmr pretrain``, or empty for those that ship.
        frames: Frames a clip; the demo's index reads one.

    Raises:
        UserError: Unknown family or model, absent weights, weights of another net, or frames it cannot take.
    """
    _check(family, frames, least=1)
    if family == "open_clip":
        from spotvmr.encoders import open_clip

        clip = open_clip.load_clip(model, pretrained)
        return _finish_clip(open_clip.ClipIndex(clip, open_clip.embedding_dim(clip)), model, frames)
    if frames != 1:
        raise UserError(f"the errands index reads 1 frame a clip, not {frames}: set index.frames=1")
    return _finish_errands(ErrandsIndex(), "index", pretrained, 1)


def build_expert(family: str, model: str = "", pretrained: str = "", frames: int = 8) -> FrozenEncoder:
    """Build an expert encoder; arguments and errors as in ``build_index``, but for at least two frames."""
    _check(family, frames, least=2)
    if family == "open_clip":
        from spotvmr.encoders import open_clip

        clip = open_clip.load_clip(model, pretrained)
        return _finish_clip(open_clip.ClipExpert(clip, open_clip.embedding_dim(clip)), model, frames)
    if frames != ErrandsExpert.frames:
        raise UserError(f"the errands expert reads 8 frames a clip, not {frames}: set expert.frames=8")
    return _finish_errands(ErrandsExpert(), "expert", pretrained, frames)


def build_text(family: str, model: str = "", pretrained: str = "") -> TextEncoder:
    """Build the text encoder that belongs to an index encoder; arguments and errors as in ``build_index``."""
    _check(family, 1, least=1)
    if family == "open_clip":
        from spotvmr.encoders import open_clip

        clip = open_clip.load_clip(model, pretrained)
        name = (
            pretrained
            if pretrained.startswith("local-dir:")
            else Path(model).stem
            if model.endswith(".json")
            else model
        )
        return open_clip.ClipText(clip, name, open_clip.embedding_dim(clip))
    path = _errands_path("text", pretrained)
    state, metadata = read_weights(path)
    text = ErrandsText(tuple(json.loads(metadata.get("words", "[]"))), sentence_dim=sum(PARTS.values()))
    fill(text, state, str(path))
    text.weights_hash = hash_state(text)
    return text.eval().requires_grad_(False)


def _check(family: str, frames: int, least: int) -> None:
    """Refuse what no family takes."""
    if family not in FAMILIES:
        raise UserError(f"unknown encoder family '{family}': one of {', '.join(FAMILIES)}")
    if frames < least:
        raise UserError(f"an encoder of {frames} frames a clip: give at least {least}")


def _errands_path(kind: str, pretrained: str) -> Path:
    """The weights file of one of the demo's encoders."""
    name = f"errands_{kind}"
    return Path(pretrained) / f"{name}.safetensors" if pretrained else shipped(name)


def _finish_errands(net: ErrandsIndex | ErrandsExpert, kind: str, pretrained: str, frames: int) -> FrozenEncoder:
    """Fill, identify and speed up one of the demo's clip encoders."""
    path = _errands_path(kind, pretrained)
    fill(net, read_weights(path)[0], str(path))
    mark = hash_state(net)
    fold_batchnorm(net.eval())
    net.to(memory_format=torch.channels_last)
    height, width = net.size
    preprocessing = f"{frames} frame(s), {width}x{height} antialiased, (p - 127.5) / 63.75"
    return FrozenEncoder(net, EncoderSpec(f"errands_{kind}", frames, dict(net.parts), mark, preprocessing))


def _finish_clip(net: ClipIndex | ClipExpert, model: str, frames: int) -> FrozenEncoder:
    """Identify a clip encoder over open_clip."""
    preprocessing = f"{frames} frame(s), {net.frames.preprocess}"
    name = f"open_clip/{Path(model).stem if model.endswith('.json') else model}"
    return FrozenEncoder(net, EncoderSpec(name, frames, dict(net.parts), hash_state(net), preprocessing))
