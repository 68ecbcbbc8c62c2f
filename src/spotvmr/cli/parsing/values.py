"""Values of the options of commands: numbers, and true or false."""

from __future__ import annotations

import math
from collections.abc import Mapping

from spotvmr.errors import UserError


def number(options: Mapping[str, str], name: str, default: float) -> float:
    """An option as a finite number above zero.

    Raises:
        UserError: It is none.
    """
    text = options.get(name, str(default))
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise UserError(f"{name}={text} is no number above 0; try {name}={default:g}")
    return value


def whole_number(options: Mapping[str, str], name: str, default: int) -> int:
    """An option as a whole number above zero.

    Raises:
        UserError: It is none.
    """
    value = number(options, name, default)
    if not value.is_integer():
        raise UserError(f"{name}={value:g} is no whole number; try {name}={math.ceil(value)}")
    return int(value)


TRUE, FALSE = ("true", "yes", "on", "y", "1"), ("false", "no", "off", "n", "0")


def flag(options: Mapping[str, str], name: str) -> bool:
    """An option that is true or false, in the words that settings take too; false where it is not given.

    >>> flag({"local": "Yes"}, "local"), flag({}, "local")
    (True, False)

    Raises:
        UserError: It is neither.
    """
    text = options.get(name, "false").lower()
    if text not in (*TRUE, *FALSE):
        raise UserError(f"{name}={options[name]} is neither true nor false")
    return text in TRUE
