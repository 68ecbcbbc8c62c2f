"""One SQLite file of tables that processes share, made anew when it is damaged, and memory where none can be.

SQLite does what would otherwise be code of our own: a transaction is there as a whole or not at all, whenever a
process is killed, and any number of processes may read and write at once.
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


class Tables:
    """Transactions on a file in a folder.

    Where the folder cannot be written, or its file is damaged beyond use, one warning is logged and all is kept in
    memory for this process.

    Args:
        folder: Made when absent; None keeps everything in memory.
        file: Name of the file in it.
        schema: SQL statements that make the tables.
        version: Of the schema, above 0: a file of another one is made anew.
    """

    def __init__(self, folder: Path | None, file: str, schema: str, version: int) -> None:
        self.folder = folder
        self._file, self._schema, self._version = file, schema, version
        self._guard = threading.RLock()
        self._db = self._opened()

    def close(self) -> None:
        """Close the file; nothing may be done with it afterwards."""
        self._db.close()

    def do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work in one transaction; where the file refuses, in memory from now on."""
        with self._guard:
            try:
                with self._db:
                    return work(self._db)
            except sqlite3.Error as error:
                if self.folder is None:
                    raise
                self.fall_back(error)
                with self._db:
                    return work(self._db)

    def fall_back(self, error: Exception) -> None:
        """Go on in memory, with one line that says so; a damaged file is removed for the next process."""
        log.warning("cache %s cannot be used (%s): going on without it", self.folder, error)
        if _is_damaged(error) and self.folder is not None:
            (self.folder / self._file).unlink(missing_ok=True)
        self.folder = None
        self._db = self._connect(":memory:")

    def _opened(self) -> sqlite3.Connection:
        """The file, made or made anew if need be; memory where there is to be none."""
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
                log.warning("cache %s is damaged or of another version: making it anew", path)
                path.unlink(missing_ok=True)
                return self._connect(path)
        except (OSError, sqlite3.Error) as error:
            log.warning("cache %s cannot be used (%s): going on without it", self.folder, error)
            self.folder = None
            return self._connect(":memory:")

    def _connect(self, path: Path | str) -> sqlite3.Connection:
        """Open the file and see to its tables."""
        db = sqlite3.connect(path, timeout=_WAIT_S, check_same_thread=False)
        try:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, self._version):
                raise _ForeignError(f"version {version}")
            if version == 0:
                # Freed pages go back to the disk: the file shrinks when rows are deleted.
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


def _is_damaged(error: Exception) -> bool:
    """Whether the file itself is at fault, and not its disk, its rights or another process."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
