"""Layers of settings: a tree of keys with the place it came from, checked and merged onto the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, get_origin

import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from spotvmr.config.keys import all_keys, dataclass_of, may_be_null, type_name
from spotvmr.config.schema import Config
from spotvmr.config.schema.models import ModelConfig, model_config_class, model_keys
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError

Tree = dict[str, Any]


@dataclass(frozen=True)
class Layer:
    """Settings from one place.

    Attributes:
        where: The place as the user knows it: a file or "the command line".
        tree: Nested keys and values as YAML gives them.
        saved: Whether a run saved it. Early runs saved the settings of every model; those of other models are left
            out.
    """

    where: str
    tree: Tree
    saved: bool = False


def read_tree(path: Path) -> Tree:
    """Read a YAML file that holds keys and values; an empty file holds none.

    Raises:
        UserError: The file cannot be read, is not YAML, or holds something else.
    """
    try:
        tree = OmegaConf.to_container(OmegaConf.load(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"cannot read {path}: {error}") from error
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {_first_problem(error)}") from error
    if not isinstance(tree, dict):
        raise UserError(f"{path} holds a {type(tree).__name__}, needs keys and values (key: value)")
    return cast(Tree, tree)


def merge_layers(layers: Sequence[Layer], also_known: Sequence[str] = ()) -> DictConfig:
    """Merge layers onto the schema, later ones over earlier ones; interpolations stay.

    Args:
        layers: The layers, lowest first.
        also_known: Keys that are no settings but may be what a mistyped key was meant to be.

    Raises:
        UserError: A key is unknown or a value has the wrong type.
    """
    for layer in layers:
        _check_keys(layer, also_known)
    name, target = _model_of(layers)
    schema = OmegaConf.structured(Config)
    schema.model = OmegaConf.structured(model_config_class(name, target))
    layers = [_for_model(layer, name, tuple(schema.model)) for layer in layers]
    try:
        return cast(DictConfig, OmegaConf.merge(schema, *(layer.tree for layer in layers)))
    except OmegaConfBaseException:
        _blame(layers, schema)
        raise


def _model_of(layers: Sequence[Layer]) -> tuple[str, str]:
    """Name and target of the model that the layers choose, later ones over earlier ones."""
    found: dict[str, Any] = {}
    for layer in layers:
        group = layer.tree.get("model")
        found |= {key: group[key] for key in ("name", "target") if key in group} if isinstance(group, Mapping) else {}
    return str(found.get("name", ModelConfig.name)), str(found.get("target") or "")


def _for_model(layer: Layer, name: str, known: Sequence[str]) -> Layer:
    """The layer, refused if it sets what its model does not have; a saved layer without that."""
    group = layer.tree.get("model")
    if not isinstance(group, Mapping):
        return layer
    foreign = [key for key in group if key not in known]
    if foreign and not layer.saved:
        owners = ", ".join(model_keys()[foreign[0]])
        meant = did_you_mean(foreign[0], known)
        raise UserError(f"model.{foreign[0]} ({layer.where}) is a setting of {owners}, not of {name}: {meant}")
    kept = {key: value for key, value in group.items() if key in known}
    return replace(layer, tree={**layer.tree, "model": kept})


def setting_keys() -> Mapping[str, Any]:
    """Every dotted key of the schema with its type, groups included, in the order of the schema."""
    return {name: key.kind for name, key in all_keys().items()}


def _walk_tree(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        yield f"{prefix}{key}", value
        if isinstance(value, Mapping):
            yield from _walk_tree(value, f"{prefix}{key}.")


def _above(key: str) -> list[str]:
    """The groups above a dotted key."""
    parts = key.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def _check_keys(layer: Layer, also_known: Sequence[str]) -> None:
    known = setting_keys()
    for key, value in _walk_tree(layer.tree):
        if any(get_origin(known.get(above)) is dict for above in _above(key)):
            continue  # names of the user's own
        if key not in known:
            meant = did_you_mean(key, [*known, *also_known])
            raise UserError(f"unknown key '{key}' ({layer.where}): {meant} 'spotvmr config' prints all keys")
        if dataclass_of(known[key]) and not isinstance(value, Mapping) and not _may_be(known[key], value):
            raise UserError(f"{key}={value!r} ({layer.where}): {key} is a group of keys, set {key}.<key>=<value>")


def _blame(layers: Sequence[Layer], schema: DictConfig) -> None:
    """Raise the error of the first layer that the schema does not take."""
    for layer in layers:
        try:
            OmegaConf.merge(schema, layer.tree)
        except OmegaConfBaseException as error:
            raise UserError(_wrong_value(layer, error)) from error


def _may_be(kind: Any, value: object) -> bool:
    """Whether a group may be switched off by null, or is given as an interpolation."""
    return (value is None and may_be_null(kind)) or (isinstance(value, str) and value.startswith("${"))


def _wrong_value(layer: Layer, error: Exception) -> str:
    key = getattr(error, "full_key", None) or ""
    given = dict(_walk_tree(layer.tree)).get(key)
    wanted = setting_keys().get(key)
    if wanted is None:
        return f"{str(error).splitlines()[0]} ({layer.where})"
    return f"{key}={given!r} ({layer.where}) has the wrong type: must be {type_name(wanted)}"


def _first_problem(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    mark = getattr(error, "problem_mark", None)
    return f"{problem} in line {mark.line + 1}" if mark else problem
