"""Every key of the schema with what its field declares."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import lru_cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from spotvmr.config.fields import Limit
from spotvmr.config.schema import Config
from spotvmr.config.schema.models import MODEL_CONFIGS, ModelConfig, OwnModelConfig, model_keys


@dataclass(frozen=True)
class Key:
    """A dotted key of the schema.

    Attributes:
        name: The key, such as ``trainer.lr``.
        kind: Its type.
        group: The dataclass behind it where it is a group of keys; None for a setting.
        default: The default in the schema; None for a group.
        meaning: What it is; for a group what its keys are about.
        unit: What a number counts; may be empty.
        limit: What values it takes; None: all of its type.
        models: The models that have it, where not all have; ``own`` stands for own models.
    """

    name: str
    kind: Any
    group: type | None
    default: Any
    meaning: str
    unit: str
    limit: Limit | None
    models: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def all_keys() -> Mapping[str, Key]:
    """Every dotted key, groups included, in the order of the schema."""
    return {key.name: key for key in _walk(Config(), "")}


def _walk(settings: Any, prefix: str) -> Iterator[Key]:
    """The keys of a group with its defaults."""
    hints = get_type_hints(type(settings))
    for field in fields(settings):
        hint, name, default = hints[field.name], prefix + field.name, getattr(settings, field.name)
        group = dataclass_of(hint)
        if group is None:
            declared = field.metadata
            yield Key(name, hint, None, default, declared["help"], declared["unit"], declared["limit"])
        else:
            meaning = (inspect.getdoc(group) or "").partition("\n")[0].replace("``", "'")
            yield Key(name, hint, group, None, meaning, "", None)
            yield from _walk_models() if group is ModelConfig else _walk(default or group(), f"{name}.")


def _walk_models() -> Iterator[Key]:
    """The settings of all models, each once."""
    seen: set[str] = set()
    owners = model_keys()
    kinds: tuple[type, ...] = (ModelConfig, *MODEL_CONFIGS.values(), OwnModelConfig)
    common = {field.name for field in fields(ModelConfig)}
    for kind in kinds:
        for key in _walk(kind(), "model."):
            name = key.name.removeprefix("model.")
            if name not in seen:
                seen.add(name)
                yield key if name in common else replace(key, models=tuple(owners[name]))


def dataclass_of(kind: Any) -> type | None:
    """The dataclass behind a field's type, ``X`` or ``X | None``; None for plain values."""
    parts = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    found = [part for part in parts if is_dataclass(part)]
    return cast(type, found[0]) if found else None


def may_be_null(kind: Any) -> bool:
    """Whether a type takes null."""
    return type(None) in get_args(kind)


def type_name(kind: Any) -> str:
    """A type in the user's words.

    >>> type_name(float | None)
    'a number or null'
    """
    words = {float: "a number", int: "a whole number", str: "a text", bool: "true or false", type(None): "null"}
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(type_name(part) for part in get_args(kind))
    if get_origin(kind) is list:
        return "a list"
    return words.get(kind, "keys and values")


def shown_default(key: Key) -> str:
    """The default as it is typed; an empty text as ``''``.

    >>> shown_default(all_keys()["trainer.lr"]), shown_default(all_keys()["log.entity"])
    ('0.001', 'null')
    """
    if isinstance(key.default, str):
        return key.default or "''"
    return json.dumps(key.default)
