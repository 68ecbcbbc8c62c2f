"""One SQLite file that processes share. A damaged file is replaced; without a usable file, data stay in memory.

SQLite provides atomic transactions, also when a process is killed, and access by any number of processes at once.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

log = logging.getLogger(__name__)
T = TypeVar("T")

_WAIT_S = 60.0
_CORRUPT, _NOT_A_DATABASE = 11, 26
"""``sqlite3.SQLITE_CORRUPT`` and ``SQLITE_NOTADB``, which Python 3.10 does not name."""


class Tables:
    """Transactions on a file in a folder.

    When the folder cannot be written or its file is damaged, one warning is logged and this process keeps its data in
    memory.

    Args:
        folder: Created when absent; None keeps everything in memory.
        file: Name of the file in it.
        schema: SQL statements that create the tables.
        version: Version of the schema, above 0. A file of another version is replaced.
    """

    def __init__(self, folder: Path | None, file: str, schema: str, version: int) -> None:
        self.folder = folder
        self._file, self._schema, self._version = file, schema, version
        self._guard = threading.RLock()
        self._db = self._opened()

    def close(self) -> None:
        """Close the file; the tables must not be used afterwards."""
        with self._guard:
            self._db.close()

    def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work in one transaction. If the file fails, run it in memory, now and from now on.

        Raises:
            sqlite3.Error: The tables are closed, or ``work`` itself is wrong: the file is left as it is.
        """
        with self._guard:
            try:
                with self._db:
                    return work(self._db)
            except sqlite3.Error as error:
                if not _is_of_the_file(error):
                    raise
                if self.folder is None:
                    raise
                self.fall_back(error)
                with self._db:
                    return work(self._db)

    def fall_back(self, error: Exception) -> None:
        """Continue in memory and log one line; remove a damaged file, so that the next process creates a new one."""
        log.warning("cache %s cannot be used (%s): going on without it", self.folder, error)
        if _is_damaged(error) and self.folder is not None:
            (self.folder / self._file).unlink(missing_ok=True)
        self.folder = None
        self._db = self._connect(":memory:")

    def _opened(self) -> sqlite3.Connection:
        """Connect to the file, or to memory when there is no folder or the folder cannot be used."""
        if self.folder is None:
            return self._connect(":memory:")
        path = self.folder / self._file
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                return self._connect(path)
            except sqlite3.DatabaseError as error:
                if not _is_damaged(error):
                    raise
                log.warning("cache %s is damaged or of another version: replacing it", path)
                path.unlink(missing_ok=True)
                return self._connect(path)
        except (OSError, sqlite3.Error) as error:
            log.warning("cache %s cannot be used (%s): going on without it", self.folder, error)
            self.folder = None
            return self._connect(":memory:")

    def _connect(self, path: Path | str) -> sqlite3.Connection:
        """Open the file and create its tables when they are absent."""
        db = sqlite3.connect(path, timeout=_WAIT_S, check_same_thread=False)
        try:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, self._version):
                raise _ForeignError(f"version {version}")
            if version == 0:
                # The file shrinks when rows are deleted.
                db.execute("PRAGMA auto_vacuum = FULL")
                db.executescript(f"BEGIN IMMEDIATE; {self._schema} PRAGMA user_version = {self._version}; COMMIT;")
            # Safe when a process is killed; only a power cut may lose the last transactions.
            db.execute("PRAGMA synchronous = NORMAL")
        except BaseException:
            db.close()
            raise
        return db


class _ForeignError(sqlite3.DatabaseError):
    """The file holds tables of another version."""


def _is_of_the_file(error: sqlite3.Error) -> bool:
    """Whether the file or its disk is at fault, and not a wrong use of the connection such as one after ``close``."""
    return isinstance(error, sqlite3.OperationalError) or _is_damaged(error)


def _is_damaged(error: Exception) -> bool:
    """Whether the content of the file is at fault, and not its disk, its rights or another process."""
    if isinstance(error, _ForeignError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # Python 3.10: these two errors are of the class itself and of no subclass
        return type(error) is sqlite3.DatabaseError
    return code & 0xFF in (_CORRUPT, _NOT_A_DATABASE)  # the low byte: extended codes tell the kind of damage
