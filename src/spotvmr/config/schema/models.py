"""Settings of the VMR models: those of every model, and a dataclass for each model of the package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from spotvmr.config.fields import (
    Limit,
    above_zero,
    at_least,
    file_name,
    odd,
    setting,
    share_above_zero,
    share_below_one,
)

_HEADS = "attention heads; divides dim"
_LAYERS = "depthwise-separable convolutions of an encoder block"
_KERNEL = "kernel of the convolutions"
_REACH = "clips to either side that attention covers"
_NMS = "a moment that overlaps a better one by more is dropped"
_INSIDE = Limit("above 0 and below 1", lambda value: 0 < value < 1, {"exclusiveMinimum": 0, "exclusiveMaximum": 1})


@dataclass
class ModelConfig:
    """The VMR model behind the selector."""

    name: str = setting("vslnet", "name of the model", limit=file_name())
    target: str = setting("", "class of an own model: path/to/file.py:ClassName")
    options: dict[str, Any] = setting({}, "settings of an own model, by the parameter names of its class")
    dim: int = setting(96, "width of the model", unit="channels", limit=at_least(1))
    dropout: float = setting(0.1, "dropout rate", limit=share_below_one())
    indicator: bool = setting(
        True, "true: an input marks the clips with expert features; false: their absence shows as zeros"
    )
    highlight_weight: float = setting(5.0, "weight of the highlight loss", limit=at_least(0))
    highlight_positive: float = setting(
        1.0, "additional weight of clips inside the moment in the highlight loss", limit=at_least(0)
    )
    top_k: int = setting(5, "moments returned for a query", limit=at_least(1))


@dataclass
class VslNetConfig(ModelConfig):
    """VSLNet (Zhang et al., ACL 2020)."""

    heads: int = setting(4, _HEADS, limit=at_least(1))
    conv_layers: int = setting(4, _LAYERS, limit=at_least(1))
    kernel: int = setting(7, _KERNEL, unit="clips", limit=odd())
    reach: int = setting(32, _REACH, unit="clips", limit=at_least(1))
    offset_weight: float = setting(1.0, "weight of the loss on borders inside clips", limit=at_least(0))
    nms_iou: float = setting(0.5, _NMS, unit="IoU", limit=share_above_zero())


@dataclass
class Tan2dConfig(ModelConfig):
    """2D-TAN (Zhang et al., AAAI 2020)."""

    conv_layers: int = setting(4, "convolutions over clips, over words and over the map", limit=at_least(1))
    kernel: int = setting(7, _KERNEL, unit="clips", limit=odd())
    iou_low: float = setting(0.5, "IoU up to which a proposal counts as wrong", unit="IoU", limit=share_below_one())
    iou_high: float = setting(1.0, "IoU from which a proposal counts as right", unit="IoU", limit=share_above_zero())
    nms_iou: float = setting(0.5, _NMS, unit="IoU", limit=share_above_zero())


@dataclass
class DetrConfig(ModelConfig):
    """QD-DETR (Moon et al., CVPR 2023) and Moment-DETR (Lei et al., NeurIPS 2021)."""

    heads: int = setting(4, _HEADS, limit=at_least(1))
    conv_layers: int = setting(4, "QD-DETR: convolutions of the encoder that a spotter brings", limit=at_least(1))
    kernel: int = setting(7, "kernel of the convolutions that give order", unit="clips", limit=odd())
    reach: int = setting(32, _REACH, unit="clips", limit=at_least(1))
    queries: int = setting(10, "moments in a predicted set", limit=at_least(1))
    query_dependent: bool = setting(True, "true: video features depend on the query (QD-DETR); false: Moment-DETR")
    l1_weight: float = setting(10.0, "weight of the L1 distance, in matching and loss", limit=at_least(0))
    giou_weight: float = setting(1.0, "weight of the generalised IoU, in matching and loss", limit=at_least(0))
    class_weight: float = setting(4.0, "weight of the class, in matching and loss", limit=at_least(0))
    background_weight: float = setting(
        0.1, "weight of the background class: 9 of 10 predictions belong to it", limit=at_least(0)
    )
    span_scale: float = setting(
        32.0, "length that counts as 1 in the L1 distance of spans", unit="clips", limit=above_zero()
    )
    saliency_margin: float = setting(
        0.2, "by which the saliency of a clip inside should exceed that of one outside", limit=at_least(0)
    )


@dataclass
class SnagConfig(ModelConfig):
    """SnAG (Mu et al., CVPR 2024), with the points of ActionFormer (Zhang et al., ECCV 2022)."""

    heads: int = setting(4, _HEADS, limit=at_least(1))
    conv_layers: int = setting(4, _LAYERS, limit=at_least(1))
    kernel: int = setting(7, _KERNEL, unit="clips", limit=odd())
    reach: int = setting(32, "positions to either side that attention covers, at every level", limit=at_least(1))
    levels: int = setting(6, "levels of the pyramid, each with half the resolution", limit=at_least(1))
    focal_alpha: float = setting(0.25, "focal loss: weight of positive points", limit=_INSIDE)
    focal_gamma: float = setting(2.0, "focal loss: exponent that lowers the weight of easy points", limit=at_least(0))
    centre_radius: float = setting(
        1.5,
        "distance from the middle of the moment within which a point is positive",
        unit="strides",
        limit=above_zero(),
    )
    level_range: float = setting(
        4.0,
        "distance that the points of a level cover; those of the level below cover half",
        unit="strides",
        limit=above_zero(),
    )
    momentum: float = setting(0.9, "momentum of the running number of positive points", limit=share_below_one())


@dataclass
class OwnModelConfig(ModelConfig):
    """A model from a file of the user or from an installed package.

    Its class gets those of these settings that its constructor names. Where it has no cross-modal encoder to share, a
    spotter brings one of this size.
    """

    heads: int = setting(4, _HEADS, limit=at_least(1))
    conv_layers: int = setting(4, _LAYERS, limit=at_least(1))
    kernel: int = setting(7, _KERNEL, unit="clips", limit=odd())
    reach: int = setting(32, _REACH, unit="clips", limit=at_least(1))
    nms_iou: float = setting(0.5, _NMS, unit="IoU", limit=share_above_zero())


MODEL_CONFIGS: Mapping[str, type[ModelConfig]] = {
    "vslnet": VslNetConfig,
    "tan2d": Tan2dConfig,
    "qd_detr": DetrConfig,
    "moment_detr": DetrConfig,
    "snag": SnagConfig,
}
"""Settings of the package's models by name."""


def model_config_class(name: str, target: str = "") -> type[ModelConfig]:
    """The settings that a model has.

    Args:
        name: ``model.name``.
        target: ``model.target``, of an own model.
    """
    return OwnModelConfig if target else MODEL_CONFIGS.get(name, OwnModelConfig)


def model_keys() -> dict[str, list[str]]:
    """Every setting of a model, with the names of the models that have it; ``own`` stands for own models."""
    found: dict[str, list[str]] = {}
    for name, kind in {**MODEL_CONFIGS, "own": OwnModelConfig}.items():
        for field in fields(kind):
            found.setdefault(field.name, []).append(name)
    return found
