"""Rows of the table of a benchmark."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

QUERY = "when did I put the red flask on the shelf"
Row = dict[str, Any]


def row(what: str, value: float, unit: str, limit: float | None = None, least: float | None = None, **more: Any) -> Row:
    """A row of the table.

    Args:
        what: What was measured.
        value: The number.
        unit: Its unit.
        limit: Maximum.
        least: Minimum.
        **more: Further facts for the record.
    """
    return {"what": what, "median": value, "unit": unit, "limit": limit, "least": least, **more}


def seconds_of(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
