"""Options of commands that are numbers."""

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
