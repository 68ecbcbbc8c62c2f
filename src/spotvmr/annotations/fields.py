"""Type checks for values of annotation files; messages name file and place.

Impossible values of the right type, such as NaN, pass: ``annotations.policies`` counts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from spotvmr.errors import UserError

Fields = Mapping[str, Any]


def fields_of(value: object, where: str) -> Fields:
    """Check that a value is an object.

    Raises:
        UserError: It is not.
    """
    if not isinstance(value, dict):
        raise UserError(f"{where} holds {_shown(value)}, not an object {{…}}; check the format of the file")
    return value


def listed(content: Fields, name: str, where: str) -> list[Any]:
    """Read a list.

    Raises:
        UserError: It is absent or something else.
    """
    value = content.get(name)
    if not isinstance(value, list):
        raise UserError(f'{where} needs "{name}" as a list, has {_shown(value)}')
    return value


def identifier(content: Fields, name: str, where: str) -> str:
    """Read an id, number or string, as a string.

    Raises:
        UserError: It is absent, empty or something else.
    """
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise UserError(f'{where} needs "{name}" as a string or whole number, has {_shown(value)}')
    return str(value)


def sentence(value: object, name: str, where: str) -> str:
    """Check a sentence; an absent one gives an empty string.

    Args:
        value: What the file has.
        name: Name of its field, for messages.
        where: File and place, for messages.

    Raises:
        UserError: It is no string.
    """
    if value is not None and not isinstance(value, str):
        raise UserError(f'{where} needs "{name}" as a string, has {_shown(value)}')
    return value or ""


def above_zero(content: Fields, name: str, unit: str, where: str) -> float:
    """Read a number above 0; NaN passes.

    Args:
        content: The object.
        name: Name of the field.
        unit: Unit for messages, such as "in seconds".
        where: File and place, for messages.

    Raises:
        UserError: It is absent, 0 or below, or no number.
    """
    value = content.get(name)
    if not _is_number(value) or value <= 0:
        raise UserError(f'{where} needs "{name}" {unit}, above 0, has {_shown(value)}')
    return _float(value)


def number(content: Fields, name: str, unit: str, where: str) -> float:
    """Read a number.

    Raises:
        UserError: It is absent or no number.
    """
    value = content.get(name)
    if not _is_number(value):
        raise UserError(f'{where} needs "{name}" {unit}, has {_shown(value)}')
    return _float(value)


def span(value: object, name: str, unit: str, where: str) -> tuple[float, float]:
    """Read start and end of a moment, ``[start, end]``.

    Raises:
        UserError: It is no pair of numbers.
    """
    if not _is_span(value):
        raise UserError(f'{where} needs "{name}" as [start, end] {unit}, has {_shown(value)}')
    return _float(value[0]), _float(value[1])


def spans(content: Fields, name: str, where: str) -> tuple[tuple[float, float], ...]:
    """Read starts and ends of moments, ``[[start_s, end_s], …]``; empty when absent.

    Raises:
        UserError: It is something else.
    """
    value = content.get(name)
    found = [] if value is None else value
    if not isinstance(found, list) or not all(map(_is_span, found)):
        raise UserError(f'{where} needs "{name}" as [[start_s, end_s], …], has {_shown(value)}')
    return tuple((_float(start), _float(end)) for start, end in found)


def words(content: Fields, name: str, where: str) -> tuple[str, ...]:
    """Read a list of strings; empty when absent.

    Raises:
        UserError: It is something else.
    """
    value = content.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise UserError(f'{where} needs "{name}" as a list of strings, has {_shown(value)}')
    return tuple(value)


def _is_span(value: object) -> TypeGuard[list[float]]:
    """Whether a value is a pair of numbers; null is no number."""
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def _is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a JSON number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _float(value: float) -> float:
    """A JSON number as float; whole numbers beyond its range become infinite, which the policies drop."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _shown(value: object) -> str:
    """A value for a message, shortened."""
    return "nothing" if value is None else repr(value)[:60]
