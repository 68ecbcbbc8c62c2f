"""From settings to selectors: the registry of those of the package, and own ones."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from spotvmr.assembly.own_code import find, make, require_members
from spotvmr.config.schema import SelectorConfig
from spotvmr.config.schema.models import ModelConfig
from spotvmr.models import CrossModalEncoder, VmrModel
from spotvmr.selection import (
    AllClips,
    FixedSelector,
    GumbelSpotter,
    NoClips,
    Selector,
    Spotter,
    oracle_rule,
    random_rule,
    similarity_rule,
    uniform_rule,
)

_MEMBERS = ("budget_kind", "is_trained", "continues", "on_progress")


@dataclass(frozen=True)
class FeatureDims:
    """Channels of index, expert and token features."""

    index: int
    expert: int
    text: int

    def named(self) -> dict[str, int]:
        """By the names that constructors use."""
        return {"index_dim": self.index, "expert_dim": self.expert, "text_dim": self.text}


@dataclass(frozen=True)
class Parts:
    """What a selector may be built from.

    Attributes:
        settings: Its settings.
        vmr_model: The VMR model behind it.
        model: The settings of the VMR model.
        dims: Channels of the features.
    """

    settings: SelectorConfig
    vmr_model: VmrModel
    model: ModelConfig
    dims: FeatureDims


def _spotter(parts: Parts) -> Selector:
    settings = parts.settings
    encoder, dim = _preview_encoder(parts)
    penalties, train_penalties = _penalties(settings.steps), _penalties(settings.train_steps)
    return Spotter(
        dim, penalties, train_penalties, settings.spread, settings.noise, encoder, indicator=parts.model.indicator
    )


def _gumbel(parts: Parts) -> Selector:
    settings, dim = parts.settings, parts.vmr_model.dim
    soft = settings.train_steps, settings.noise, settings.temperature, settings.seed
    return GumbelSpotter(dim, *soft, indicator=parts.model.indicator)


SELECTORS: Mapping[str, Callable[[Parts], Selector]] = {
    "all": lambda _: AllClips(),
    "none": lambda _: NoClips(),
    "random": lambda parts: FixedSelector(random_rule(parts.settings.seed)),
    "uniform": lambda _: FixedSelector(uniform_rule),
    "similarity": lambda _: FixedSelector(similarity_rule),
    "oracle": lambda _: FixedSelector(oracle_rule),
    "one_shot": _spotter,
    "spotter": _spotter,
    "spotter_gumbel": _gumbel,
}
"""Builders of the package's selectors by name."""


def build_selector(settings: SelectorConfig, model: ModelConfig, vmr_model: VmrModel, dims: FeatureDims) -> Selector:
    """The selector of a configuration.

    Args:
        settings: Its settings. An own class gets those that its constructor names, ``index_dim``, ``expert_dim``,
            ``text_dim`` and ``dim`` (the channels of the VMR model's fused features).
        model: The settings of the VMR model.
        vmr_model: The VMR model.
        dims: Channels of the features.

    Raises:
        UserError: There is no such selector, or its class is not what ``selection.Selector`` says.
    """
    kind: Any = find("selector", settings.name, settings.target, SELECTORS)
    if kind in SELECTORS.values():
        built: Selector = kind(Parts(settings, vmr_model, model, dims))
        return built
    selector: Selector = make(
        "selector", kind, vars(settings) | dims.named() | {"dim": vmr_model.dim}, settings.options
    )
    require_members(selector, _MEMBERS, "selection.Selector")
    return selector


def _penalties(steps: int) -> list[float]:
    """Of each step, in log odds, as differences of scores are: 0 in the last, 3 at most in those before."""
    return [float(min(left, 3)) for left in reversed(range(steps))]


def _preview_encoder(parts: Parts) -> tuple[nn.Module | None, int]:
    """The encoder of a spotter's previews and its channels; None shares that of the VMR model."""
    fusion = parts.vmr_model.fusion
    if fusion is not None:
        return None if parts.settings.encoder == "shared" else copy.deepcopy(fusion), parts.vmr_model.dim
    dims, model = parts.dims, parts.model
    heads, layers, kernel, reach = (getattr(model, key) for key in ("heads", "conv_layers", "kernel", "reach"))
    encoder = CrossModalEncoder(
        dims.index, dims.expert, dims.text, model.dim, heads, layers, kernel, reach, model.dropout
    )
    return encoder, model.dim
