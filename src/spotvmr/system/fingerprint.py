"""Fingerprints of files, without reading them completely."""

from __future__ import annotations

import os
import zlib
from pathlib import Path

from spotvmr.errors import UserError


def fingerprint(path: Path, sample_bytes: int = 1 << 16) -> str:
    """Size in bytes and checksums of the first and last ``sample_bytes``: fast, and different for any other encoding.

    Raises:
        UserError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            head = file.read(sample_bytes)
            file.seek(max(0, size - sample_bytes))
            return f"{size}-{zlib.crc32(head):08x}-{zlib.crc32(file.read(sample_bytes)):08x}"
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}; check the file and its rights") from error
