"""Appending to a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from spotvmr.system.files import disk_errors


def append_at(path: Path, offset: int, chunks: Iterable[bytes]) -> None:
    """Write ``chunks`` into an existing file from byte ``offset`` to its end, and sync it.

    Raises:
        UserError: The disk is full, read-only or forbidden; the file is cut back to ``offset``.
    """
    with disk_errors(path), path.open("r+b") as file:
        file.truncate(offset)
        file.seek(offset)
        try:
            file.writelines(chunks)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            file.truncate(offset)
            raise
