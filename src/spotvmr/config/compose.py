"""Composition: schema < base < dataset < the other groups < experiment < ``key=value``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spotvmr.config.folders import CONF, find_choice, find_experiment, own_class
from spotvmr.config.layers import Layer, Tree, merge_layers, read_tree, setting_keys
from spotvmr.config.overrides import parse
from spotvmr.config.plain import finish
from spotvmr.config.schema import GROUPS, Config
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError


def compose(overrides: Sequence[str] = (), also_known: Sequence[str] = ()) -> Config:
    """Compose the settings of a command.

    ``conf/base.yaml`` names the choice of each group under ``defaults:``; a data set or an experiment may name
    others there, and ``group=choice`` names the last.

    Args:
        overrides: ``key=value`` tokens: ``group=choice``, ``experiment=name``, or any dotted key of the schema.
        also_known: Keys that are no settings but may be what a mistyped key was meant to be.

    Returns:
        The resolved and checked settings.

    Raises:
        UserError: A choice, key, type or value is wrong.
    """
    given = parse(overrides)
    base, base_defaults = _with_defaults(CONF / "base.yaml")
    layers, named = [base], [base_defaults]
    experiment = None
    if given.experiment is not None:
        experiment, experiment_defaults = _with_defaults(find_experiment(given.experiment))
        named.append(experiment_defaults)
    named.append(given.choices)
    dataset, dataset_defaults = _group_layer("dataset", _last("dataset", named))
    layers.append(dataset)
    named.insert(1, dataset_defaults)
    layers += [_group_layer(group, _last(group, named))[0] for group in GROUPS if group != "dataset"]
    if experiment:
        layers.append(experiment)
    layers.append(Layer("command line", given.tree))
    return finish(merge_layers(layers, [*also_known, "experiment"]), "settings")


def change(plain: Mapping[str, Any], overrides: Sequence[str], where: str) -> Config:
    """Settings that were kept, with ``key=value`` tokens over them.

    Args:
        plain: Nested keys and values, as ``as_plain`` gives them.
        overrides: ``group=choice``, or any dotted key of the schema.
        where: Origin of ``plain``, for error messages.

    Returns:
        The resolved and checked settings.

    Raises:
        UserError: A choice, key, type or value is wrong, or an experiment is named.
    """
    given = parse(overrides)
    if given.experiment is not None:
        raise UserError(f"experiment={given.experiment} does not go with the settings of {where}: leave out one")
    chosen = [_group_layer(group, given.choices[group])[0] for group in GROUPS if group in given.choices]
    return finish(
        merge_layers([Layer(where, dict(plain), saved=True), *chosen, Layer("command line", given.tree)]), "settings"
    )


def _last(group: str, named: Sequence[Mapping[str, str]]) -> str:
    return next(choices[group] for choices in reversed(named) if group in choices)


def _group_layer(group: str, choice: str) -> tuple[Layer, dict[str, str]]:
    """Read a group's file; where its settings have a name, the file's name is the default."""
    if own := own_class(group, choice):
        return Layer(choice, {group: own}), {}
    path = find_choice(group, choice)
    tree = read_tree(path)
    defaults = _pop_defaults(tree, path) if group == "dataset" else {}
    if "dataset" in defaults:
        raise UserError(f"defaults in {path} may name choices of other groups, not of dataset itself")
    if f"{group}.name" in setting_keys():
        tree.setdefault("name", path.stem)
    return Layer(_shown(path), {group: tree}), defaults


def _with_defaults(path: Path) -> tuple[Layer, dict[str, str]]:
    tree = read_tree(path)
    defaults = _pop_defaults(tree, path)
    return Layer(_shown(path), tree), defaults


def _pop_defaults(tree: Tree, path: Path) -> dict[str, str]:
    defaults: Any = tree.pop("defaults", None) or {}
    if not isinstance(defaults, Mapping):
        raise UserError(f"defaults in {path} must be keys and values such as 'selector: spotter'")
    for group in defaults:
        if group not in GROUPS:
            raise UserError(f"unknown group '{group}' under defaults in {path}: {did_you_mean(str(group), GROUPS)}")
    return {group: str(choice) for group, choice in defaults.items()}


def _shown(path: Path) -> str:
    """A file of the package as ``conf/…``, any other as it was given."""
    return f"conf/{path.relative_to(CONF)}" if path.is_relative_to(CONF) else str(path)
