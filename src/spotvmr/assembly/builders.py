"""From configuration to objects with plain arguments: the one place that knows names."""

from __future__ import annotations

from torch import nn

from spotvmr.assembly.system import BudgetedVmr
from spotvmr.config.schema import Config, ModelConfig, SelectorConfig
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError
from spotvmr.models import VslNet
from spotvmr.selection import (
    AllClips,
    FixedSelector,
    NoClips,
    Spotter,
    oracle_rule,
    random_rule,
    similarity_rule,
    uniform_rule,
)

MODELS = ("vslnet",)
SELECTORS = ("all", "none", "random", "uniform", "similarity", "one_shot", "spotter", "oracle")


def build_model(config: ModelConfig, index_dim: int, expert_dim: int, text_dim: int) -> VslNet:
    """The VMR model of a configuration, for features of these channels."""
    if config.name not in MODELS:
        raise UserError(f"unknown model.name '{config.name}': {did_you_mean(config.name, MODELS)}")
    return VslNet(
        index_dim=index_dim,
        expert_dim=expert_dim,
        text_dim=text_dim,
        dim=config.dim,
        heads=config.heads,
        conv_layers=config.conv_layers,
        kernel=config.kernel,
        reach=config.reach,
        dropout=config.dropout,
        top_k=config.top_k,
        nms_iou=config.nms_iou,
    )


def build_selector(config: SelectorConfig, dim: int) -> nn.Module:
    """The selector of a configuration, for a host with ``dim`` fused channels."""
    rules = {"random": random_rule(config.seed), "uniform": uniform_rule, "similarity": similarity_rule}
    if config.name in rules:
        return FixedSelector(rules[config.name])
    if config.name == "oracle":
        return FixedSelector(oracle_rule)
    if config.name in ("one_shot", "spotter"):
        return Spotter(dim, config.steps, config.spread, config.noise, config.temperature)
    if config.name == "none":
        return NoClips()
    if config.name == "all":
        return AllClips()
    raise UserError(f"unknown selector.name '{config.name}': {did_you_mean(config.name, SELECTORS)}")


def build_student(config: Config, index_dim: int, expert_dim: int, text_dim: int) -> BudgetedVmr:
    """Selector and VMR model of a configuration."""
    model = build_model(config.model, index_dim, expert_dim, text_dim)
    return BudgetedVmr(model, build_selector(config.selector, config.model.dim))


def build_teacher(config: Config, index_dim: int, expert_dim: int, text_dim: int) -> BudgetedVmr:
    """The same VMR model on every clip."""
    return BudgetedVmr(build_model(config.model, index_dim, expert_dim, text_dim), AllClips())
