"""Index and expert features of videos, kept for later processes in one SQLite file of the cache folder."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import filelock
import numpy as np
from numpy.typing import NDArray

from spotvmr.retrieval.cache.tables import Tables

log = logging.getLogger(__name__)

FILE = "videos-1.sqlite"
"""The number is the version of the tables: files of other versions are not read."""
_VERSION = 1
_ROW_BYTES = 64  # approximate overhead of SQLite for each row
_TABLES = """
CREATE TABLE IF NOT EXISTS videos (hash TEXT PRIMARY KEY, used REAL NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunks (hash TEXT, key TEXT, number INTEGER, times BLOB, features BLOB,
    PRIMARY KEY (hash, key, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS whole (hash TEXT, key TEXT, frames INTEGER, PRIMARY KEY (hash, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rates (hash TEXT, key TEXT, frames INTEGER, decode_s REAL, clips INTEGER, expert_s REAL,
    PRIMARY KEY (hash, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clips (hash TEXT, key TEXT, clip INTEGER, features BLOB,
    PRIMARY KEY (hash, key, clip)) WITHOUT ROWID;
"""
_TOUCH = """INSERT INTO videos VALUES (?, ?, ?)
ON CONFLICT (hash) DO UPDATE SET used = excluded.used, bytes = bytes + excluded.bytes"""
_CHUNKS = "SELECT number, times, features FROM chunks WHERE hash = ? AND key = ? ORDER BY number"
_CHUNK_BYTES = (
    "SELECT TOTAL(? + LENGTH(times) + LENGTH(features)) FROM chunks WHERE hash = ? AND key = ? AND number = ?"
)
_CLIP_BYTES = "SELECT TOTAL(? + LENGTH(features)) FROM clips WHERE hash = ? AND key = ? AND clip = ?"
_ADD_TIMINGS = """INSERT INTO rates VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (hash, key) DO UPDATE SET
frames = frames + excluded.frames, decode_s = decode_s + excluded.decode_s,
clips = clips + excluded.clips, expert_s = expert_s + excluded.expert_s"""


@dataclass(frozen=True)
class ClipTimings:
    """Cost of expert clips: decoded frames and seconds of one core, encoded clips and seconds."""

    frames: int
    decode_s: float
    clips: int
    expert_s: float


def default_folder() -> Path:
    """``$SPOTVMR_CACHE``, or ``spotvmr`` in the user's cache folder (``$XDG_CACHE_HOME``, ``~/.cache``)."""
    if named := os.environ.get("SPOTVMR_CACHE"):
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "spotvmr"


class VideoCache:
    """Index and expert features of videos, by content hash of the video and digest of the encoder's settings.

    When the total size exceeds the limit, the least recently used videos are deleted, each as a whole.

    Args:
        folder: Cache folder, created when absent. None, or a folder that cannot be written, keeps everything in memory.
        limit_bytes: Maximum size of all features together.
    """

    def __init__(self, folder: Path | None, limit_bytes: int = 4 << 30) -> None:
        self.limit_bytes = limit_bytes
        self._tables = Tables(folder, FILE, _TABLES, _VERSION)

    def close(self) -> None:
        """Close the file; the cache must not be used afterwards."""
        self._tables.close()

    @contextmanager
    def indexing(self, video: str) -> Iterator[None]:
        """Let one process at a time index a video; the others wait and then find the index."""
        lock = None
        if self._tables.folder is not None:
            lock = filelock.FileLock(self._tables.folder / f"{video}.lock")
            try:
                lock.acquire(timeout=0)
            except filelock.Timeout:
                log.info("another process is indexing this video: waiting for it")
                lock.acquire()
            except OSError as error:
                self._tables.fall_back(error)
                lock = None
        try:
            yield
        finally:
            if lock is not None:
                # Removed while it is held: a process that waited for this file sees that it is gone and makes another.
                with suppress(OSError):
                    Path(lock.lock_file).unlink()
                lock.release()

    def touch(self, video: str) -> None:
        """Record that a video is used now."""
        self._tables.do(lambda db: db.execute(_TOUCH, (video, time.time(), 0)))

    def forget(self, video: str) -> None:
        """Delete everything about a video."""
        self._tables.do(lambda db: _delete(db, video))

    def index(self, video: str, key: str, dim: int) -> tuple[NDArray[np.float64], NDArray[np.float16], bool]:
        """The index frames that the cache has.

        Returns:
            Their times (n,) in seconds, their features (n, D), and whether the index of the video is complete.
        """
        rows, whole = self._tables.do(
            lambda db: (
                db.execute(_CHUNKS, (video, key)).fetchall(),
                db.execute("SELECT frames FROM whole WHERE hash = ? AND key = ?", (video, key)).fetchone(),
            )
        )
        times: list[NDArray[np.float64]] = [np.empty(0)]
        features = [np.empty((0, dim), np.float16)]
        for number, time_bytes, feature_bytes in rows:
            # Another process may have deleted rows in the middle of an index pass: frames after a gap are useless.
            if number != sum(map(len, times)) or len(feature_bytes) != len(time_bytes) // 8 * dim * 2:
                break
            times.append(np.frombuffer(time_bytes, np.float64))
            features.append(np.frombuffer(feature_bytes, np.float16).reshape(-1, dim))
        count = sum(map(len, times))
        return np.concatenate(times), np.concatenate(features), whole is not None and whole[0] == count

    def add_index(
        self, video: str, key: str, first: int, times_s: NDArray[np.float64], features: NDArray[np.float16]
    ) -> None:
        """Store consecutive index frames; ``first`` is the number of the first one in the video."""
        rows = [(video, key, first, times_s.tobytes(), features.tobytes())]
        self._insert(video, "INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?)", _CHUNK_BYTES, rows)

    def finish_index(self, video: str, key: str, frames: int) -> None:
        """Record the total number of index frames of a video: its index is complete."""
        self._tables.do(lambda db: db.execute("INSERT OR REPLACE INTO whole VALUES (?, ?, ?)", (video, key, frames)))

    def timings(self, video: str, key: str) -> ClipTimings:
        """Cost of the expert clips of a video so far, over all processes."""
        row = self._tables.do(
            lambda db: db.execute(
                "SELECT frames, decode_s, clips, expert_s FROM rates WHERE hash = ? AND key = ?", (video, key)
            ).fetchone()
        )
        return ClipTimings(*row) if row else ClipTimings(0, 0.0, 0, 0.0)

    def add_timings(self, video: str, key: str, spent: ClipTimings) -> None:
        """Add to the cost of the expert clips of a video."""
        self._tables.do(lambda db: db.execute(_ADD_TIMINGS, (video, key, *astuple(spent))))

    def clips(self, video: str, key: str, clips: Sequence[int], dim: int) -> dict[int, NDArray[np.float16]]:
        """Features (D,) of those clips that the cache has."""

        def read(db: sqlite3.Connection) -> dict[int, NDArray[np.float16]]:
            found = {}
            for clip in clips:
                row = db.execute(
                    "SELECT features FROM clips WHERE hash = ? AND key = ? AND clip = ?", (video, key, clip)
                ).fetchone()
                if row is not None and len(row[0]) == 2 * dim:
                    found[clip] = np.frombuffer(row[0], np.float16)
            return found

        return self._tables.do(read)

    def add_clips(self, video: str, key: str, features: Mapping[int, NDArray[np.float16]]) -> None:
        """Store features (D,) of clips."""
        rows = [(video, key, clip, row.tobytes()) for clip, row in features.items()]
        self._insert(video, "INSERT OR REPLACE INTO clips VALUES (?, ?, ?, ?)", _CLIP_BYTES, rows)

    def size_bytes(self) -> int:
        """Size of the features of all videos together."""
        return int(self._tables.do(lambda db: db.execute("SELECT TOTAL(bytes) FROM videos").fetchone())[0])

    def _insert(self, video: str, statement: str, stored_bytes: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows, charge the video with the bytes that they add, and delete old videos.

        Args:
            video: Content hash.
            statement: Inserts or replaces a row. Hash, key and number are its first three values.
            stored_bytes: Selects the size of the row with these three values; 0 when there is none.
            rows: The rows.
        """
        sizes = [_ROW_BYTES + sum(len(cell) for cell in row if isinstance(cell, bytes)) for row in rows]
        if sum(sizes) > self.limit_bytes:
            return

        def work(db: sqlite3.Connection) -> None:
            added = sum(sizes)
            for row in rows:
                added -= int(db.execute(stored_bytes, (_ROW_BYTES, *row[:3])).fetchone()[0])
                db.execute(statement, row)
            db.execute(_TOUCH, (video, time.time(), added))
            self._make_room(db, video)

        self._tables.do(work)

    def _make_room(self, db: sqlite3.Connection, keep: str) -> None:
        """Delete the least recently used videos until the rest fits; ``keep`` is deleted last."""
        total = db.execute("SELECT TOTAL(bytes) FROM videos").fetchone()[0]
        if total <= self.limit_bytes:
            return
        oldest = db.execute("SELECT hash, bytes FROM videos ORDER BY hash = ?, used", (keep,)).fetchall()
        for video, size in oldest:
            _delete(db, video)
            total -= size
            if total <= self.limit_bytes:
                return


def _delete(db: sqlite3.Connection, video: str) -> None:
    """Delete all rows of a video."""
    for table in ("chunks", "whole", "rates", "clips", "videos"):
        db.execute(f"DELETE FROM {table} WHERE hash = ?", (video,))  # noqa: S608 (names of our own)
