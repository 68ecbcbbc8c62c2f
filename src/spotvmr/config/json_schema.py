"""The JSON schema of the settings, with which editors complete and check YAML files."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

from spotvmr.config.fields import Limit
from spotvmr.config.keys import Key, all_keys
from spotvmr.config.schema import GROUPS

_TYPES = {float: "number", int: "integer", str: "string", bool: "boolean", type(None): "null"}
_INTERPOLATION = {"type": "string", "pattern": r"^\$\{"}


def json_schema() -> dict[str, Any]:
    """The schema of an experiment or of a saved ``config.yaml``; ``$defs`` holds that of each group's files."""
    groups = {key.name: key for key in all_keys().values() if key.group is not None}
    named = {"type": "object", "propertyNames": {"enum": list(GROUPS)}, "additionalProperties": {"type": "string"}}
    root = _object("")
    root["properties"]["defaults"] = {**named, "description": "choices of groups, such as selector: spotter"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of spotvmr",
        **root,
        "$defs": {name: {"description": key.meaning, **_object(f"{name}.")} for name, key in groups.items()},
    }


def _object(prefix: str) -> dict[str, Any]:
    """The schema of a group, or with an empty prefix of the whole."""
    return {"type": "object", "properties": dict(_properties(prefix)), "additionalProperties": False}


def _properties(prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, key in all_keys().items():
        last = name.removeprefix(prefix)
        if name.startswith(prefix) and "." not in last:
            yield last, _reference(key) if key.group is not None else _value(key)


def _reference(key: Key) -> dict[str, Any]:
    """A group of keys, or null where it may be switched off."""
    reference = {"$ref": f"#/$defs/{key.name}"}
    return {"anyOf": [reference, {"type": "null"}]} if type(None) in get_args(key.kind) else reference


def _value(key: Key) -> dict[str, Any]:
    unit = f" [{key.unit}]" if key.unit else ""
    described = {"description": key.meaning + unit, "default": key.default}
    return {**described, "anyOf": [*(_type(kind, key.limit) for kind in _kinds(key.kind)), _INTERPOLATION]}


def _kinds(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _type(kind: Any, limit: Limit | None = None) -> dict[str, Any]:
    if get_origin(kind) is list:
        return {"type": "array", "items": _type(get_args(kind)[0])}
    limits = dict(limit.schema) if limit and kind is not type(None) else {}
    return {"type": _TYPES.get(kind, "object"), **limits}
