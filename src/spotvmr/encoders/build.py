"""Builder of clip encoders by name: the demo's encoders, and models of open_clip and timm."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from spotvmr.encoders.errands.blocks import fold_batchnorm
from spotvmr.encoders.errands.expert import ErrandsExpert
from spotvmr.encoders.errands.index import ErrandsIndex
from spotvmr.encoders.frozen import FrozenEncoder
from spotvmr.encoders.pooling import FrameEmbedder, PooledExpert, PooledIndex, embedding_dim
from spotvmr.encoders.spec import EncoderSpec
from spotvmr.encoders.state import errands_weights, fill, hash_state, read_weights
from spotvmr.errors import UserError

FAMILIES = ("errands", "open_clip", "timm")


def build_index(
    family: str, model: str = "", pretrained: str = "", frames: int = 1, features: str = "pooled"
) -> FrozenEncoder:
    """Build an index encoder.

    Args:
        family: ``errands`` (the demo's own), ``open_clip`` or ``timm``.
        model: Model of open_clip (or a JSON configuration) or timm; empty for ``errands``.
        pretrained: Weights, see ``encoders.open_clip`` and ``encoders.timm``; for ``errands`` a folder with
            weights of ``spotvmr pretrain``, or empty for those that ship.
        frames: Frames a clip; the demo's index reads one.
        features: ``pooled`` or ``tokens``, see ``encoders.timm``.

    Raises:
        UserError: Unknown family or model, absent weights, weights of another net, or frames it cannot take.
    """
    _check(family, frames, features, least=1)
    if family == "errands":
        return _finish_errands(_errands_net("index", frames), "index", pretrained, frames)
    embedder = _embedder(family, model, pretrained, features)
    return _finish_pooled(PooledIndex(embedder, embedding_dim(embedder)), family, model, frames, features)


def build_expert(
    family: str, model: str = "", pretrained: str = "", frames: int = 8, features: str = "pooled"
) -> FrozenEncoder:
    """Build an expert encoder; arguments and errors as in ``build_index``, but for at least two frames."""
    _check(family, frames, features, least=2)
    if family == "errands":
        return _finish_errands(_errands_net("expert", frames), "expert", pretrained, frames)
    embedder = _embedder(family, model, pretrained, features)
    return _finish_pooled(PooledExpert(embedder, embedding_dim(embedder)), family, model, frames, features)


def outline(
    kind: str, family: str, model: str = "", pretrained: str = "", frames: int = 1, features: str = "pooled"
) -> tuple[nn.Module, dict[str, int]]:
    """A network like that of ``build_index`` or ``build_expert`` without weights, for fast counting offline.

    Args:
        kind: ``index`` or ``expert``.
        family: As in ``build_index``.
        model: As in ``build_index``.
        pretrained: Only ``local-dir:FOLDER`` matters, which names the model; weights are not looked for.
        frames: As in ``build_index``.
        features: As in ``build_index``.

    Returns:
        The net on the meta device, where tensors have shapes and no numbers, and its parts.

    Raises:
        UserError: Unknown family or model, or frames it cannot take.
    """
    _check(family, frames, features, least=1 if kind == "index" else 2)
    with torch.device("meta"):
        if family == "errands":
            net: ErrandsIndex | ErrandsExpert | PooledIndex | PooledExpert = _errands_net(kind, frames)
        else:
            local = pretrained if pretrained.startswith("local-dir:") else "random"
            embedder = _embedder(family, model, local, features)
            net = (PooledIndex if kind == "index" else PooledExpert)(embedder, embedding_dim(embedder))
    return net.eval().requires_grad_(False), dict(net.parts)


def _check(family: str, frames: int, features: str, least: int) -> None:
    """Refuse arguments that no family accepts."""
    if family not in FAMILIES:
        raise UserError(f"unknown encoder family '{family}': one of {', '.join(FAMILIES)}, imported")
    if frames < least:
        raise UserError(f"an encoder of {frames} frames a clip: give at least {least}")
    if features != "pooled" and family != "timm":
        raise UserError(f"features={features} is for timm models: the {family} family has pooled features alone")


def _embedder(family: str, model: str, pretrained: str, features: str) -> FrameEmbedder:
    """The image model of open_clip or timm."""
    if family == "timm":
        from spotvmr.encoders import timm

        return timm.timm_embedder(model, pretrained, features)
    from spotvmr.encoders import open_clip

    return open_clip.clip_embedder(open_clip.load_clip(model, pretrained))


def _errands_net(kind: str, frames: int) -> ErrandsIndex | ErrandsExpert:
    """One of the demo's clip encoders with random weights."""
    wanted = 1 if kind == "index" else ErrandsExpert.frames
    if frames != wanted:
        read = "1 frame" if wanted == 1 else f"{wanted} frames"
        raise UserError(f"the errands {kind} reads {read} a clip, not {frames}: set {kind}.frames={wanted}")
    return ErrandsIndex() if kind == "index" else ErrandsExpert()


def _finish_errands(net: ErrandsIndex | ErrandsExpert, kind: str, pretrained: str, frames: int) -> FrozenEncoder:
    """Load, identify and fold one of the demo's clip encoders."""
    path = errands_weights(kind, pretrained)
    fill(net, read_weights(path)[0], str(path))
    mark = hash_state(net)
    fold_batchnorm(net.eval())
    net.to(memory_format=torch.channels_last)
    height, width = net.size
    preprocessing = f"{frames} frame(s), {width}x{height} antialiased, (p - 127.5) / 63.75"
    return FrozenEncoder(net, EncoderSpec(f"errands_{kind}", frames, dict(net.parts), mark, preprocessing))


def _finish_pooled(
    net: PooledIndex | PooledExpert, family: str, model: str, frames: int, features: str
) -> FrozenEncoder:
    """Identify a clip encoder of an image model."""
    preprocessing = f"{frames} frame(s), {net.frames.preprocess}"
    name = f"{family}/{Path(model).stem if model.endswith('.json') else model}"
    name += "" if features == "pooled" else f"/{features}"
    return FrozenEncoder(net, EncoderSpec(name, frames, dict(net.parts), hash_state(net), preprocessing))
