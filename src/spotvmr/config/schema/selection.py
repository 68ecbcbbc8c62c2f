"""Settings of the selector."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from spotvmr.config.fields import Limit, above_zero, at_least, file_name, one_of, setting


@dataclass
class SelectorConfig:
    """The selector of the clips that get expert features."""

    name: str = setting("spotter", "name of the selector", limit=file_name())
    target: str = setting("", "class of an own selector: path/to/file.py:ClassName")
    options: dict[str, Any] = setting({}, "settings of an own selector, by the parameter names of its class")
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
