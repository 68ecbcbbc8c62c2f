"""Settings of the selector, the VMR model and distillation."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from spotvmr.config.fields import (
    Limit,
    above_zero,
    at_least,
    file_name,
    odd,
    one_of,
    setting,
    share_above_zero,
    share_below_one,
)


@dataclass
class SelectorConfig:
    """The selector of the clips that get expert features."""

    name: str = setting("spotter", "name of the selector", limit=file_name())
    steps: int = setting(6, "spotter: selection steps at test", limit=at_least(1))
    train_steps: int = setting(
        3, "spotter: selection steps in training, each costs a preview; spotter_gumbel: at test too", limit=at_least(1)
    )
    encoder: str = setting(
        "own",
        "spotter: cross-modal encoder of previews, its own or shared with the VMR model",
        limit=one_of("own", "shared"),
    )
    spread: int = setting(
        2, "clips to either side in which a better clip lowers a clip's score; 0: none", unit="clips", limit=at_least(0)
    )
    noise: float = setting(0.3, "scale of the Gumbel noise on scores, in training only", limit=at_least(0))
    temperature: float = setting(
        5.0, "spotter_gumbel: of the softmax at the start of training; it decreases linearly", limit=above_zero()
    )
    seed: int = setting(0, "of the random selector, and of spotter_gumbel's noise at test", limit=at_least(0))
    budget_weight: float = setting(
        300.0, "spotter_gumbel: weight of the loss that moves its soft budget to the given budget", limit=at_least(0)
    )
    adaptive: bool = setting(
        False, "true, at test: budget is the mean over queries; sure queries stop early, others get more"
    )
    rerank: float = setting(
        0.3,
        "at test: weight of the selector's scores in the ranking of moments; 0: the VMR model alone",
        limit=at_least(0),
    )
    cap: float = setting(
        4.0,
        "adaptive: most that one query may spend",
        unit="budgets",
        limit=Limit("at least 1 budget and finite", lambda value: 1 <= value < inf, {"minimum": 1}),
    )


@dataclass
class ModelConfig:
    """The VMR model behind the selector."""

    name: str = setting("vslnet", "name of the model", limit=file_name())
    target: str = setting("", "class of an own model: path/to/file.py:ClassName")
    options: dict[str, Any] = setting({}, "settings of an own model, by the parameter names of its class")
    dim: int = setting(96, "width of the model", unit="channels", limit=at_least(1))
    heads: int = setting(4, "attention heads; divides dim", limit=at_least(1))
    conv_layers: int = setting(4, "depthwise-separable convolutions of an encoder block", limit=at_least(1))
    kernel: int = setting(7, "kernel of these convolutions", unit="clips", limit=odd())
    reach: int = setting(32, "clips to either side that attention covers", unit="clips", limit=at_least(1))
    dropout: float = setting(0.1, "dropout rate", limit=share_below_one())
    levels: int = setting(6, "SnAG: levels of the pyramid, each with half the resolution", limit=at_least(1))
    queries: int = setting(10, "QD-DETR and Moment-DETR: moments in a predicted set", limit=at_least(1))
    indicator: bool = setting(
        True, "true: an input marks the clips with expert features; false: their absence shows as zeros"
    )
    query_dependent: bool = setting(True, "QD-DETR: true: video features depend on the query; false: Moment-DETR")
    highlight_weight: float = setting(5.0, "weight of the highlight loss beside the family's own", limit=at_least(0))
    offset_weight: float = setting(1.0, "VSLNet: weight of the loss on borders inside clips", limit=at_least(0))
    top_k: int = setting(5, "moments returned for a query", limit=at_least(1))
    nms_iou: float = setting(
        0.5,
        "VSLNet and 2D-TAN: a moment that overlaps a better one by more is dropped",
        unit="IoU",
        limit=share_above_zero(),
    )


@dataclass
class DistillConfig:
    """Weights of the terms that a teacher adds to the student's loss (0: none), and the start of the student."""

    start: str = setting(
        "teacher", "start of the student's weights: the teacher's, or random", limit=one_of("teacher", "scratch")
    )
    heads: float = setting(
        1.0, "weight of the family's outputs: borders, proposal map, matched set, or points", limit=at_least(0)
    )
    fused: float = setting(1.0, "weight of the L1 distance of fused features", limit=at_least(0))
    highlight: float = setting(5.0, "weight of the BCE to the teacher's highlight scores", limit=at_least(0))
    selection: float = setting(
        1.0,
        "weight of the spotter's cross-entropy to the ground-truth clips and the teacher's highlights",
        limit=at_least(0),
    )
