"""How a setting is declared: default, meaning, unit and limit stand once, at its field.

``setting`` keeps them in the metadata of a dataclass field. Help texts, checks, the JSON schema and the documentation
read them from there. pydantic and msgspec were considered and not chosen. OmegaConf merges the layers and resolves
interpolations, and it takes plain dataclasses only; a second model of each group would be needed beside them. Their
messages would have to be rewritten as one line with the place and the remedy. Importing pydantic takes 0.1 s of the
0.3 s that ``--help`` may take.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Any


@dataclass(frozen=True)
class Limit:
    """What values a setting takes, beyond its type.

    Attributes:
        words: The limit as it follows "must be", such as "at least 1".
        holds: Whether a value keeps it; NaN never does.
        schema: The keywords of JSON Schema that say the same, as far as there are some.
        choices: The allowed texts, where these are listed.
    """

    words: str
    holds: Callable[[Any], bool]
    schema: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[str, ...] = ()


def setting(default: Any, meaning: str, *, unit: str = "", limit: Limit | None = None) -> Any:
    """Declare a field of a settings dataclass.

    Args:
        default: Its default; a list or a mapping is copied for each instance.
        meaning: What it is, in a few words.
        unit: What a number counts, such as "seconds".
        limit: What values it takes.
    """
    metadata = {"help": meaning, "unit": unit, "limit": limit}
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: copy.copy(default), metadata=metadata)
    return field(default=default, metadata=metadata)


def at_least(low: float) -> Limit:
    """A number from ``low`` on."""
    return Limit(f"at least {low}", lambda value: value >= low, {"minimum": low})


def above_zero() -> Limit:
    """A finite number above zero."""
    return Limit("above 0 and finite", lambda value: 0 < value < math.inf, {"exclusiveMinimum": 0})


def share_above_zero(try_instead: str = "") -> Limit:
    """A share above 0 and at most 1."""
    words = "above 0 and at most 1" + (f"; try {try_instead}" if try_instead else "")
    return Limit(words, lambda value: 0 < value <= 1, {"exclusiveMinimum": 0, "maximum": 1})


def share() -> Limit:
    """A share from 0 to 1."""
    return Limit("a share from 0 to 1", lambda value: 0 <= value <= 1, {"minimum": 0, "maximum": 1})


def share_below_one() -> Limit:
    """A share from 0 to below 1."""
    return Limit("at least 0 and below 1", lambda value: 0 <= value < 1, {"minimum": 0, "exclusiveMaximum": 1})


def one_of(*allowed: str) -> Limit:
    """One of some texts; an empty one is shown as ``empty``."""
    listed = ", ".join(text or "empty" for text in allowed)
    return Limit(f"one of {listed}", lambda value: value in allowed, {"enum": list(allowed)}, allowed)


def one_of_or_own(group: str, *allowed: str) -> Limit:
    """One of some texts, ``path/to/file.py:name``, or a name that an installed package offers.

    Args:
        group: Its group of entry points.
        *allowed: The texts.
    """

    def holds(value: str) -> bool:
        return value in allowed or ".py:" in value or value in entry_points(group=group).names

    return Limit(f"one of {', '.join(allowed)}, or path/to/file.py:name", holds, {}, allowed)


def odd() -> Limit:
    """An odd number from 1 on."""
    return Limit("odd and at least 1", lambda value: value >= 1 and value % 2 == 1, {"minimum": 1})


def even_from(low: int) -> Limit:
    """An even number of pixels from ``low`` on."""
    words = f"even and at least {low} pixels"
    return Limit(words, lambda value: value >= low and value % 2 == 0, {"minimum": low, "multipleOf": 2})


def file_name() -> Limit:
    """A name that a file or folder may have."""
    words = "a file name: not empty, not '.', without '/', '\\' or '..'"
    return Limit(words, _is_file_name, {"minLength": 1})


def wandb_project() -> Limit:
    """A name that a W&B project may have."""
    words = "a W&B project: not empty, at most 128 signs, none of / \\ # ? % :"
    return Limit(words, _is_project, {"minLength": 1, "maxLength": 128})


def _is_file_name(value: str) -> bool:
    return value.strip() not in ("", ".") and not any(part in value for part in ("/", "\\", "..", "\0", "\n"))


def _is_project(value: str) -> bool:
    return 0 < len(value.strip()) <= 128 and not any(sign in value for sign in "/\\#?%:")
