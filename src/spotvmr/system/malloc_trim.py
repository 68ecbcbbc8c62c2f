"""Memory that one stage has freed, for the next one to take."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any


def return_freed_memory() -> None:
    """Give what was freed back to the system, where the C library is glibc; nothing elsewhere.

    glibc keeps freed pictures and activations in the arenas of the threads that made them, where the next stage cannot
    use them: without this the peak of a query is the sum of its stages and not the largest of them.
    """
    if (library := _glibc()) is not None:
        library.malloc_trim(0)


@cache
def _glibc() -> Any:
    """The C library of this process; None where it has no such call."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return library if hasattr(library, "malloc_trim") else None
