"""From configuration to objects with plain arguments: the one place that knows names."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch
from torch import nn

from spotvmr.assembly.own_models import make_model, model_class
from spotvmr.assembly.system import BudgetedVmr
from spotvmr.config.schema import Config, ModelConfig, SelectorConfig
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError
from spotvmr.models import CrossModalEncoder, VmrModel
from spotvmr.selection import (
    AllClips,
    FixedSelector,
    GumbelSpotter,
    NoClips,
    Spotter,
    oracle_rule,
    random_rule,
    similarity_rule,
    uniform_rule,
)
from spotvmr.types.batches import ClipInputs, TextBatch

SELECTORS = ("all", "none", "random", "uniform", "similarity", "one_shot", "spotter", "spotter_gumbel", "oracle")


def build_model(config: ModelConfig, index_dim: int, expert_dim: int, text_dim: int) -> VmrModel:
    """The VMR model of a configuration, for features of these channels."""
    dims = {"index_dim": index_dim, "expert_dim": expert_dim, "text_dim": text_dim}
    model: VmrModel = make_model(model_class(config), vars(config) | dims, config.options)
    if not config.indicator:
        if model.fusion is None:
            raise UserError(
                f"model.indicator=false needs a cross-modal encoder that can be copied; model {config.name} has none"
            )
        # A spotter's own encoder is a copy of this one, hook and all.
        model.fusion.register_forward_pre_hook(_hide_indicator)
    return model


def build_selector(
    config: SelectorConfig, model: ModelConfig, host: VmrModel, index_dim: int, expert_dim: int, text_dim: int
) -> nn.Module:
    """The selector of a configuration, for features of these channels and this host."""
    rules = {"random": random_rule(config.seed), "uniform": uniform_rule, "similarity": similarity_rule}
    if config.name in rules:
        return FixedSelector(rules[config.name])
    if config.name == "oracle":
        return FixedSelector(oracle_rule)
    if config.name in ("one_shot", "spotter"):
        encoder, dim = _preview_encoder(config, model, host, index_dim, expert_dim, text_dim)
        penalties, train_penalties = _penalties(config.steps), _penalties(config.train_steps)
        return Spotter(dim, penalties, train_penalties, config.spread, config.noise, encoder)
    if config.name == "spotter_gumbel":
        return GumbelSpotter(host.dim, config.train_steps, config.noise, config.temperature, config.seed)
    if config.name == "none":
        return NoClips()
    if config.name == "all":
        return AllClips()
    raise UserError(f"unknown selector.name '{config.name}': {did_you_mean(config.name, SELECTORS)}")


def build_student(config: Config, index_dim: int, expert_dim: int, text_dim: int) -> BudgetedVmr:
    """Selector and VMR model of a configuration."""
    model = build_model(config.model, index_dim, expert_dim, text_dim)
    selector = build_selector(config.selector, config.model, model, index_dim, expert_dim, text_dim)
    return BudgetedVmr(model, selector, config.selector.rerank)


def build_teacher(config: Config, index_dim: int, expert_dim: int, text_dim: int) -> BudgetedVmr:
    """The same VMR model on every clip."""
    return BudgetedVmr(build_model(config.model, index_dim, expert_dim, text_dim), AllClips())


def start_as_teacher(student: BudgetedVmr, teacher: BudgetedVmr) -> None:
    """Give a student its teacher's weights: it only has to learn to do without most of the clips.

    A spotter's own encoder starts as the teacher's where both are of one kind.
    """
    student.get_submodule("model").load_state_dict(teacher.get_submodule("model").state_dict())
    fusion, encoder = teacher.model.fusion, getattr(student.selector, "encoder", None)
    if fusion is not None and isinstance(encoder, type(fusion)):
        encoder.load_state_dict(fusion.state_dict())


def _hide_indicator(_: nn.Module, inputs: tuple[ClipInputs, TextBatch]) -> tuple[ClipInputs, TextBatch]:
    """Show an encoder zeros where it would see which clips have expert features."""
    clips, text = inputs
    return replace(clips, chosen=torch.zeros_like(clips.chosen)), text


def _penalties(steps: int) -> list[float]:
    """Of each step, in log odds, as differences of scores are: 0 in the last, 3 at most in those before."""
    return [float(min(left, 3)) for left in reversed(range(steps))]


def _preview_encoder(
    config: SelectorConfig, model: ModelConfig, host: VmrModel, index_dim: int, expert_dim: int, text_dim: int
) -> tuple[nn.Module | None, int]:
    """The encoder of a spotter's previews and its channels; None shares the host's."""
    if host.fusion is not None:
        return None if config.encoder == "shared" else copy.deepcopy(host.fusion), host.dim
    widths = (model.dim, model.heads, model.conv_layers, model.kernel, model.reach, model.dropout)
    return CrossModalEncoder(index_dim, expert_dim, text_dim, *widths), model.dim
