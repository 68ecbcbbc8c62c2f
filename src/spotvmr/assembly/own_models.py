"""Which class a model's name stands for: one of the package, one in a file of the user, or an entry point's."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from torch import nn

from spotvmr.config.schema import ModelConfig
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError
from spotvmr.models import Detr, Snag, Tan2d, VslNet

MODELS: dict[str, type[nn.Module]] = {
    "vslnet": VslNet,
    "tan2d": Tan2d,
    "qd_detr": Detr,
    "moment_detr": Detr,
    "snag": Snag,
}
"""The package's models by name."""
ENTRY_POINTS = "spotvmr.models"
"""Group of entry points by which an installed package offers models."""
_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_MEMBERS = ("dim", "family", "fusion", "encode", "predict", "decode")


def model_class(config: ModelConfig) -> Any:
    """The class of a VMR model.

    Raises:
        UserError: The name is unknown, or the file or the class in it is absent or does not load.
    """
    if config.target:
        return _from_file(config.target)
    if config.name in MODELS:
        return MODELS[config.name]
    offered = {point.name: point for point in entry_points(group=ENTRY_POINTS)}
    if config.name not in offered:
        known = did_you_mean(config.name, [*MODELS, *offered])
        raise UserError(f"unknown model.name '{config.name}': {known} Your own is model=path/to/file.py:ClassName")
    try:
        return offered[config.name].load()
    except Exception as error:
        raise UserError(f"model '{config.name}' ({offered[config.name].value}) does not load: {error}") from error


def make_model(kind: Any, settings: Mapping[str, Any], options: Mapping[str, Any]) -> Any:
    """Build a model from those settings that its constructor names.

    Args:
        kind: The class.
        settings: Values by name, more than any class needs.
        options: Further values, each of which the class must know.

    Raises:
        UserError: The class does not know an option, needs what no setting gives, or lacks members of ``VmrModel``.
    """
    wanted = inspect.signature(kind).parameters
    for key in options:
        if key not in wanted:
            raise UserError(f"model.options.{key} is no argument of {kind.__name__}: {did_you_mean(key, wanted)}")
    given = {key: value for key, value in {**settings, **options}.items() if key in wanted}
    for key, parameter in wanted.items():
        if key not in given and parameter.default is parameter.empty and parameter.kind not in _REST:
            raise UserError(f"{kind.__name__} needs '{key}': set model.options.{key}=VALUE")
    model = kind(**given)
    if lacking := [name for name in _MEMBERS if not hasattr(model, name)]:
        raise UserError(f"{kind.__name__} lacks {', '.join(lacking)} of VmrModel (docs/how-to/models.md)")
    return model


def code_digest(config: ModelConfig) -> str | None:
    """Hash of the file of an own model, on which its weights depend; None for models of a package."""
    if not config.target:
        return None
    return hashlib.sha256(_split(config.target)[0].read_bytes()).hexdigest()[:16]


def _from_file(target: str) -> Any:
    """Load ``path/to/file.py:ClassName``."""
    path, name = _split(target)
    spec = importlib.util.spec_from_file_location(f"spotvmr_own_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UserError(f"model file {path} does not load: {type(error).__name__}: {error}") from error
    if not isinstance(kind := getattr(module, name, None), type):
        classes = [key for key, value in vars(module).items() if isinstance(value, type)]
        raise UserError(f"model file {path} has no class '{name}': {did_you_mean(name, classes)}")
    return kind


def _split(target: str) -> tuple[Path, str]:
    """Path and class name of a target."""
    file, _, name = target.rpartition(":")
    path = Path(file)
    if not file.endswith(".py") or not name.isidentifier():
        raise UserError(f"model.target={target} is not understood: write path/to/file.py:ClassName")
    if not path.is_file():
        raise UserError(f"model file {path} does not exist (looked from {Path.cwd()})")
    return path, name
