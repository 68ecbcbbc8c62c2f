"""``key=value`` tokens of a command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

import yaml
from omegaconf import OmegaConf

from spotvmr.config.layers import Tree, setting_keys
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

    Text settings keep their text, so ``name=001`` and ``name=on`` are what was typed; quotes around a text are
    removed. Other values are YAML; ``None``, as programs written in Python pass it on, is null too. ``group=choice``
    picks a file of ``conf/<group>/``, ``group={key: value}`` sets keys of the group.

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
    """The value of a key: a text setting keeps its text, the rest is YAML, and so is what begins as a quote or list."""
    kind = setting_keys().get(key)
    if kind is str and text and text[0] not in "'\"[{":
        return text
    if text == "None":
        return None
    value = _yaml(key, text)
    keeps_text = _is_text_or_null(kind) and value is not None and not isinstance(value, (str, list, dict))
    return text if keeps_text else value


def _is_text_or_null(kind: Any) -> bool:
    return set(get_args(kind)) == {str, type(None)}


def _yaml(key: str, text: str) -> Any:
    try:
        return OmegaConf.to_container(OmegaConf.from_dotlist([f"value={text}"]))["value"]  # type: ignore[call-overload,index]
    except yaml.YAMLError as error:
        raise UserError(f"the value of {key}={text} is not valid YAML: put it in quotes") from error


def _choice(key: str, value: Any, text: str) -> str:
    if value is None:
        raise UserError(
            f"{key}={text} names nothing: 'spotvmr help {key}' lists the choices; the path of a YAML file works too"
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
