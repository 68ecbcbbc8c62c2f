"""Atomic writing of files: temporary name, sync, rename. A full disk gives one clear line."""

from __future__ import annotations

import errno
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from spotvmr.errors import UserError

_CURES = {
    errno.ENOSPC: "no space left on the disk; free some, then run the same command again",
    errno.EDQUOT: "the disk quota is used up; free some space, then run the same command again",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.EACCES: "permission denied; choose another folder or change its rights",
    errno.EPERM: "operation not permitted; choose another folder or change its rights",
    errno.ENOTDIR: "a file stands where a folder is needed; choose another path",
    errno.EISDIR: "a folder stands where the file is to be; choose another path",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn OS errors that a user can solve into a ``UserError`` with ``path``; other errors pass."""
    try:
        yield
    except OSError as error:
        if error.errno not in _CURES:
            raise
        raise UserError(f"cannot write {path}: {_CURES[error.errno]}") from error


def make_folder(path: Path) -> None:
    """Create a folder and its parents.

    Raises:
        UserError: It cannot be created.
    """
    with disk_errors(path):
        try:
            path.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``, which replaces ``path`` when the block succeeds.

    The file is synced before it is renamed, so ``path`` is the old or the new file, even after a crash.
    Each call uses a new temporary name: two processes may write the same file, and the last one wins.

    Args:
        path: File to create or replace; its folder is created when absent.

    Raises:
        UserError: The disk is full, read-only or forbidden. After this and any other error, ``path`` is unchanged
            and the temporary file is removed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with whole_file(Path(folder) / "new" / "a.txt") as temporary:
        ...         _ = temporary.write_text("all of it")
        ...     [file.name for file in Path(folder, "new").iterdir()]
        ['a.txt']
    """
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with disk_errors(path):
        try:
            yield temporary
            _sync(temporary)
            os.replace(temporary, path)
            _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def write_chunks_atomic(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file chunk by chunk.

    Args:
        path: File to create or replace; its folder is created when absent.
        chunks: Its content.

    Raises:
        UserError: As ``whole_file``.
    """
    with whole_file(path) as temporary, temporary.open("wb") as file:
        file.writelines(chunks)


def write_bytes_atomic(path: Path, content: bytes) -> None:
    """Write bytes like ``write_chunks_atomic``."""
    write_chunks_atomic(path, [content])


def write_text_atomic(path: Path, text: str) -> None:
    """Write text as UTF-8 like ``write_chunks_atomic``."""
    write_chunks_atomic(path, [text.encode("utf-8")])


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of killed processes. No other process may write in the folder meanwhile."""
    for path in folder.glob(".*.tmp"):
        if _TEMPORARY.fullmatch(path.name):
            path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Force the bytes of a file to the disk."""
    # Windows syncs only handles that may write.
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(path: Path) -> None:
    """Force the renames of a folder to the disk, where a folder can be opened: Windows forbids it."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
