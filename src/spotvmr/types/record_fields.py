"""Building a dataclass from JSON data: names and types of its fields are checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

_NAMES = {str: "text", int: "a whole number", float: "a number or null", NoneType: "null"}
_SHOWN = 60
"""Characters of a wrong value that an error shows."""


def build(kind: type, values: Any, prefix: str) -> Any:
    """Build a dataclass from the values of its fields.

    Args:
        kind: The dataclass. Its fields hold text, numbers, dataclasses, tuples, and mappings of these.
        values: Value of each field.
        prefix: Put before the name of a field in an error.

    Raises:
        ValueError: A field is missing, unknown or of another type.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"{prefix.rstrip('.')!r} is missing or not an object")
    names = {f.name for f in fields(kind)}
    needed = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}
    if lacking := sorted(needed - set(values)):
        raise ValueError("missing " + ", ".join(prefix + name for name in lacking))
    if unknown := sorted(set(values) - names):
        raise ValueError("unknown " + ", ".join(prefix + name for name in unknown))
    types = _types(kind)
    for name, value in values.items():
        _check(value, types[name], prefix + name)
    return kind(**values)


@lru_cache
def _types(kind: type) -> Mapping[str, Any]:
    """Type of each field; resolving them takes longer than reading a record."""
    return get_type_hints(kind)


def _check(value: Any, wanted: Any, name: str) -> None:
    """Refuse a value of another type; in mappings that of each item."""
    if get_origin(wanted) is Mapping:
        if not isinstance(value, Mapping):
            raise ValueError(f"{name} must be an object, is {_short(value)}")
        for key, item in value.items():
            _check(item, get_args(wanted)[1], f"{name}.{key}")
    elif not _fits(value, wanted):
        raise ValueError(f"{name} must be {_described(wanted)}, is {_short(value)}")


def _fits(value: Any, wanted: Any) -> bool:
    """Whether a value that is no mapping has the wanted type."""
    if get_origin(wanted) in (Union, UnionType):
        return any(_fits(value, choice) for choice in get_args(wanted))
    if get_origin(wanted) is tuple:
        items = get_args(wanted)
        return isinstance(value, tuple) and len(value) == len(items) and all(map(_fits, value, items))
    if wanted is Any:
        return True
    if isinstance(value, bool):  # which Python counts as a whole number
        return False
    if wanted is float:  # a number that does not exist is null in the file
        return value is None or isinstance(value, int | float)
    return isinstance(value, wanted)


def _described(wanted: Any) -> str:
    """The type for people."""
    if get_origin(wanted) is tuple:
        return "two numbers or nulls"
    choices = get_args(wanted) or (wanted,)
    described = [
        _NAMES.get(choice, choice.__name__) for choice in choices if not (choice is NoneType and float in choices)
    ]
    return " or ".join(described)


def _short(value: Any) -> str:
    """The start of a value."""
    return repr(value)[:_SHOWN]
