"""Index and expert encoders over timm models; the only module that imports timm.

A model is named as timm names it. ``pretrained`` is one of

* a tag of timm (``augreg_in21k``, ``lvd142m``, …) or ``default``, fetched from the hub when not in the cache;
* a weights file, ``.safetensors`` or ``.pth`` (read as data, never as code), in timm's own layout;
* ``random`` or ``random:SEED``: random weights, for timing and tests only. Nothing else ever runs unweighted.
"""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import timm
from timm.data.config import resolve_data_config
from torch import Tensor, nn
from torch.nn import functional as fn

from spotvmr.encoders.pooling import FrameEmbedder
from spotvmr.encoders.preprocess import Preprocess
from spotvmr.encoders.state import fill, random_weights, said_by
from spotvmr.errors import UserError

FEATURES = ("pooled", "tokens")
_GRID = 2
"""Rows and columns of the grid that tokens are averaged over."""


def timm_embedder(model: str, pretrained: str, features: str) -> FrameEmbedder:
    """Build a timm model without its classifier, in evaluation mode, with its own preprocessing.

    Args:
        model: Name, such as ``vit_small_patch14_dinov2``.
        pretrained: As in the head of this module.
        features: ``pooled``: the model's own pooled features, D channels. ``tokens``: the last feature map
            averaged over the quarters of the frame, 4 D channels, which keeps where things are.

    Raises:
        UserError: Unknown model, tag or features, weights that do not fit or cannot be fetched, or none named.
    """
    if features not in FEATURES:
        raise UserError(f"unknown features '{features}' of timm model {model}: one of {', '.join(FEATURES)}")
    if not pretrained:
        raise UserError(f"timm model {model} without weights: set pretrained to a tag, 'default' or a file")
    _check_name(model)
    with random_weights(pretrained) as random:
        net = timm.create_model(model, num_classes=0) if random else _create(model, pretrained)
    net.eval().requires_grad_(False)
    visual = net if features == "pooled" else _Quarters(net, model)
    return FrameEmbedder(visual, Preprocess(_preprocessing(net)))


def _check_name(model: str) -> None:
    """Refuse unknown names, and names of files and hubs, which timm would load."""
    known = timm.list_models()
    if model not in known:
        near = difflib.get_close_matches(model.partition(".")[0], known, n=3, cutoff=0.4)
        hint = f"; near it: {', '.join(near)}" if near else ""
        raise UserError(f"timm has no model '{model}' (its tag goes into pretrained){hint}")


def _create(model: str, pretrained: str) -> nn.Module:
    """Call timm; ``num_classes=0`` removes the classifier."""
    if Path(pretrained).suffix:
        net = timm.create_model(model, num_classes=0)
        fill(net, _read_file(Path(pretrained), net), pretrained)
        return net
    tags = [name.partition(".")[2] for name in timm.list_pretrained(f"{model}.*")]
    if pretrained != "default" and pretrained not in tags:
        known = ", ".join(["default", *tags]) if tags else "none"
        raise UserError(f"pretrained={pretrained} is no tag of timm model {model}, which has {known}, nor a file")
    name = model if pretrained == "default" else f"{model}.{pretrained}"
    try:
        return timm.create_model(name, pretrained=True, num_classes=0)
    except (RuntimeError, OSError, ValueError) as error:
        raise UserError(f"timm cannot give {model} with pretrained={pretrained}: {said_by(error)}") from error


def _read_file(path: Path, net: nn.Module) -> dict[str, Tensor]:
    """The tensors of a weights file, without those of the classifier that ``net`` does not have."""
    if not path.is_file():
        raise UserError(f"weights file {path} is absent: check the path")
    try:
        state: dict[str, Tensor] = timm.models.load_state_dict(str(path), weights_only=True)
    except Exception as error:
        raise UserError(f"weights file {path} cannot be read as plain tensors: {said_by(error)}") from error
    named: Any = getattr(net, "pretrained_cfg", {}).get("classifier") or ()
    heads = tuple(f"{name}." for name in ([named] if isinstance(named, str) else named))
    return {key: value for key, value in state.items() if not key.startswith(heads) or key in net.state_dict()}


def _preprocessing(net: nn.Module) -> dict[str, Any]:
    """The data configuration of timm as that of ``Preprocess``."""
    cfg = resolve_data_config(model=net)
    modes = {"center": "shortest", "squash": "squash"}
    return {
        "size": cfg["input_size"][1:],
        "resize_mode": modes.get(cfg["crop_mode"], cfg["crop_mode"]),
        "interpolation": cfg["interpolation"],
        "mean": cfg["mean"],
        "std": cfg["std"],
        "crop_pct": cfg["crop_pct"],
    }


class _Quarters(nn.Module):
    """The last feature map averaged over the quarters of a frame: (N, 3, h, w) → (N, 4 D), row by row."""

    def __init__(self, net: nn.Module, model: str) -> None:
        """Take a model of timm.

        Raises:
            UserError: The model gives no feature maps.
        """
        super().__init__()
        if not hasattr(net, "forward_intermediates"):
            raise UserError(f"timm model {model} gives no feature map: set features=pooled")
        self.net: Any = net

    def forward(self, pixels: Tensor) -> Tensor:
        """Average over the grid."""
        maps: Tensor = self.net.forward_intermediates(
            pixels, indices=1, norm=True, output_fmt="NCHW", intermediates_only=True
        )[0]
        return fn.adaptive_avg_pool2d(maps, _GRID).flatten(2).transpose(1, 2).flatten(1)
