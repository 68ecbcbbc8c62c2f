"""Settings of the losses that are no part of a VMR model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from spotvmr.config.fields import at_least, one_of, setting


@dataclass
class LossConfig:
    """An additional loss, from a file of the user."""

    target: str = setting("", "its class: path/to/file.py:ClassName")
    weight: float = setting(1.0, "weight of the loss")
    options: dict[str, Any] = setting({}, "settings of the loss, by the parameter names of its class")


@dataclass
class DistillConfig:
    """Weights of the terms that a teacher adds to the student's loss (0: none), and the start of the student."""

    start: str = setting(
        "teacher", "start of the student's weights: the teacher's, or random", limit=one_of("teacher", "scratch")
    )
    heads: float = setting(
        1.0, "weight of the model's own outputs: borders, proposal map, matched set, or points", limit=at_least(0)
    )
    fused: float = setting(1.0, "weight of the L1 distance of fused features", limit=at_least(0))
    highlight: float = setting(5.0, "weight of the BCE to the teacher's highlight scores", limit=at_least(0))
    selection: float = setting(
        1.0,
        "weight of the spotter's cross-entropy to the ground-truth clips and the teacher's highlights",
        limit=at_least(0),
    )
