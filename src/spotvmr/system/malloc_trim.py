"""Returns unused heap memory to the operating system."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any


def trim_heap() -> None:
    """Return unused heap memory to the operating system with glibc; do nothing with other C libraries.

    glibc keeps the memory of deleted frames and activations in the arena of the thread that allocated them. Other
    threads cannot use it. Without this call, the peak memory of a query is the sum of its stages and not their maximum.
    """
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    """The C library of this process; None when it has no ``malloc_trim``."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") else None
