"""The identity of a video: a hash of its content, which is the key of everything in the cache."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from spotvmr.errors import UserError

_BLOCK_BYTES = 1 << 16
_BLOCKS = 32


def content_hash(path: Path) -> str:
    """Hash the content of a file to 24 hexadecimal digits, in milliseconds for any length.

    SHA-256 over the size and 32 blocks of 64 KiB at even distances, the first at the start of the file and the last
    at its end; files up to 2 MiB are read whole. Another encoding of a video, a longer or a cut one differ in size or
    header; only bytes patched between the blocks of a file of equal size would go unnoticed.

    Raises:
        UserError: The file is absent, a folder or forbidden.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            digest = hashlib.sha256(str(size).encode())
            for place in _places(size):
                file.seek(place)
                digest.update(file.read(_BLOCK_BYTES))
    except FileNotFoundError:
        raise UserError(f"no such video: {path}; check the path") from None
    except IsADirectoryError:
        raise UserError(f"not a video file but a folder: {path}; name one file") from None
    except OSError as error:
        raise UserError(f"cannot read video {path}: {error.strerror}; check the file and its rights") from error
    return digest.hexdigest()[:24]


def _places(size: int) -> list[int]:
    """Offsets of the blocks in bytes."""
    if size <= _BLOCKS * _BLOCK_BYTES:
        return list(range(0, size, _BLOCK_BYTES))
    return [block * (size - _BLOCK_BYTES) // (_BLOCKS - 1) for block in range(_BLOCKS)]


def stamp(path: Path) -> tuple[int, int, int]:
    """Size, time of change in ns and inode. They stay equal while nobody replaces or writes the file.

    Raises:
        UserError: The file is gone.
    """
    try:
        facts = path.stat()
    except OSError as error:
        raise UserError(f"no such video: {path} ({error.strerror}); was it moved?") from None
    return facts.st_size, facts.st_mtime_ns, facts.st_ino


def is_unchanged(path: Path, known: tuple[int, int, int] | None, content: str) -> bool:
    """Whether a file still has the content that it had; a touched file has.

    Args:
        path: The file.
        known: Its earlier ``stamp``.
        content: Its earlier ``content_hash``.

    Raises:
        UserError: The file is gone.
    """
    return stamp(path) == known or content_hash(path) == content
