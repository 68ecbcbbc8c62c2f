"""Open files that survive neither a fork nor a pickle: made at first use, once in each process."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

# Closing in a forked child what the parent opened waits for decoding threads that exist in the parent alone
# (decord hangs so); the child keeps such objects untouched until it ends.
_INHERITED: list[object] = []


class PerProcess(Generic[T]):
    """A value made by `make` at the first `get` of each process.

    Args:
        make: Makes the value; picklable, if readers are to be sent to spawned workers.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        """Make nothing yet."""
        self._make = make
        self._value: T | None = None
        self._process = 0

    def get(self) -> T:
        """The value of this process."""
        if self._process != os.getpid():
            _INHERITED.append(self._value)
            self._value, self._process = None, os.getpid()
        if self._value is None:
            self._value = self._make()
        return self._value

    def __getstate__(self) -> dict[str, object]:
        """What a spawned worker gets: how to make the value, not the value."""
        return {"_make": self._make, "_value": None, "_process": 0}
