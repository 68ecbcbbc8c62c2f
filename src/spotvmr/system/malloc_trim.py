"""Returns freed memory to the operating system."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any


def return_freed_memory() -> None:
    """Return freed memory to the operating system with glibc; do nothing with other C libraries.

    glibc keeps freed frames and activations in the arena of the thread that allocated them. Other threads cannot use
    this memory. Without this call, the peak memory of a query is the sum of its stages instead of their maximum.
    """
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    """The C library of this process; None when it has no ``malloc_trim``."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") else None
