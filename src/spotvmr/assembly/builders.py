"""From configuration to VMR models and whole systems, with plain arguments."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from spotvmr.assembly.own_code import digests, find, make, require_members
from spotvmr.assembly.selectors import FeatureDims, build_selector
from spotvmr.assembly.system import BudgetedVmr
from spotvmr.config.schema import Config
from spotvmr.config.schema.models import ModelConfig, OwnModelConfig
from spotvmr.errors import UserError
from spotvmr.models import Detr, Snag, Tan2d, VmrModel, VslNet
from spotvmr.selection import AllClips

MODELS: Mapping[str, type[nn.Module]] = {
    "vslnet": VslNet,
    "tan2d": Tan2d,
    "qd_detr": Detr,
    "moment_detr": Detr,
    "snag": Snag,
}
"""The package's models by name."""
_MEMBERS = ("dim", "loss", "fusion", "encode", "predict", "decode")
_SIZE = ("dim", "dropout", "heads", "conv_layers", "kernel", "reach")
"""Settings of an own model that an encoder of the spotter also reads."""


def build_model(settings: ModelConfig, index_dim: int, expert_dim: int, text_dim: int) -> VmrModel:
    """The VMR model of a configuration, for features of these channels.

    Raises:
        UserError: There is no such model, or its class is not what ``models.VmrModel`` says.
    """
    kind = find("model", settings.name, settings.target, MODELS)
    values = vars(settings) | FeatureDims(index_dim, expert_dim, text_dim).named()
    model: VmrModel = make("model", kind, values, settings.options)
    require_members(model, _MEMBERS, "models.VmrModel")
    if isinstance(settings, OwnModelConfig):
        _check_used(settings, kind, ("nms_iou",) if model.fusion is None else ("nms_iou", *_SIZE))
    return model


def _check_used(settings: OwnModelConfig, kind: Any, keys: Sequence[str]) -> None:
    """Refuse settings that neither an own model nor an encoder of the spotter reads."""
    usual, named = OwnModelConfig(), inspect.signature(kind).parameters
    for key in keys:
        if getattr(settings, key) != getattr(usual, key) and key not in named:
            raise UserError(f"model.{key}={getattr(settings, key)} is no argument of {kind.__name__}: leave it out")


def build_student(config: Config, index_dim: int, expert_dim: int, text_dim: int) -> BudgetedVmr:
    """Selector and VMR model of a configuration.

    Raises:
        UserError: One of them is not found or does not fit, or no loss would train the selector.
    """
    model = build_model(config.model, index_dim, expert_dim, text_dim)
    dims = FeatureDims(index_dim, expert_dim, text_dim)
    selector = build_selector(config.selector, config.model, model, dims)
    if selector.is_trained and selector.budget_kind == "exact" and not config.distill.selection:
        raise UserError(f"distill.selection=0 leaves selector={config.selector.name} without a loss: must be above 0")
    return BudgetedVmr(model, selector, config.selector.rerank, config.model.indicator)


def build_teacher(config: Config, index_dim: int, expert_dim: int, text_dim: int) -> BudgetedVmr:
    """The same VMR model on every clip."""
    model = build_model(config.model, index_dim, expert_dim, text_dim)
    return BudgetedVmr(model, AllClips(), indicator=config.model.indicator)


def start_as_teacher(student: BudgetedVmr, teacher: BudgetedVmr) -> None:
    """Give a student its teacher's weights: it only has to learn to do without most of the clips.

    A spotter's own encoder starts as the teacher's where both are of one kind.
    """
    student.get_submodule("model").load_state_dict(teacher.get_submodule("model").state_dict())
    fusion, encoder = teacher.model.fusion, getattr(student.selector, "encoder", None)
    if fusion is not None and isinstance(encoder, type(fusion)):
        encoder.load_state_dict(fusion.state_dict())


def code_digests(config: Config) -> dict[str, str]:
    """Hash of each file of own code that weights depend on, by what it is for."""
    targets = {"model": config.model.target, "selector": config.selector.target, "text": config.text.target}
    return digests(targets | {f"losses.{name}": loss.target for name, loss in config.losses.items()})
