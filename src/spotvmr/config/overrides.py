"""``key=value`` tokens of a command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from omegaconf import OmegaConf

from spotvmr.config.layers import Tree
from spotvmr.config.schema import GROUPS
from spotvmr.errors import UserError

_KEY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass
class Overrides:
    """What a command line sets.

    Attributes:
        choices: Group → choice, from ``group=choice``.
        experiment: From ``experiment=…``; None when not given.
        tree: Everything else, nested.
    """

    choices: dict[str, str] = field(default_factory=dict)
    experiment: str | None = None
    tree: Tree = field(default_factory=dict)


def parse(tokens: Sequence[str]) -> Overrides:
    """Read tokens; where a key stands twice the last one counts.

    Values are YAML; ``None``, as programs written in Python pass it on, is null too. ``group=choice`` picks a file
    of ``conf/<group>/``, ``group={key: value}`` sets keys of the group.

    Raises:
        UserError: A token is not ``key=value``, or its value is not YAML.
    """
    given = Overrides()
    for token in tokens:
        key, text = split(token)
        value = _value(key, text)
        if key == "experiment":
            given.experiment = _choice(key, value, text)
        elif key in GROUPS and not isinstance(value, dict):
            given.choices[key] = _choice(key, value, text)
        else:
            _put(given.tree, key, value)
    return given


def split(token: str) -> tuple[str, str]:
    """Split ``key=value`` at the first equals sign.

    Raises:
        UserError: There is no equals sign or no proper key before it.
    """
    key, equals, text = token.partition("=")
    if not equals or not _KEY.fullmatch(key):
        raise UserError(f"'{token}' is not understood: settings are given as key=value, such as budget=0.1")
    return key, text


def _value(key: str, text: str) -> Any:
    if text == "None":
        return None
    try:
        return OmegaConf.to_container(OmegaConf.from_dotlist([f"value={text}"]))["value"]  # type: ignore[call-overload,index]
    except yaml.YAMLError as error:
        raise UserError(f"the value of {key}={text} is not valid YAML: put it in quotes") from error


def _choice(key: str, value: Any, text: str) -> str:
    if value is None:
        raise UserError(
            f"{key}={text} names nothing: 'spotvmr config --help' lists the choices; the path of a YAML file works too"
        )
    return value if isinstance(value, str) else text


def _put(tree: Tree, key: str, value: Any) -> None:
    """Set a dotted key; a mapping joins the keys that stand there already."""
    *parents, last = key.split(".")
    for parent in parents:
        if not isinstance(tree.get(parent), dict):
            tree[parent] = {}
        tree = tree[parent]
    if isinstance(value, dict) and isinstance(tree.get(last), dict):
        for inner, inner_value in value.items():
            _put(tree[last], str(inner), inner_value)
    else:
        tree[last] = value
