"""Writing a feature store: resumable by video, packed at the end, extended later."""

from __future__ import annotations

import shutil
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, count
from pathlib import Path
from types import TracebackType
from typing import Any

import filelock
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.features.files import append_at
from spotvmr.features.key import StoreKey
from spotvmr.features.manifest import ITEM_BYTES, MANIFEST, Manifest
from spotvmr.features.parts import list_parts, part_path, parts_folder, read_part, write_part
from spotvmr.features.store import FeatureStore
from spotvmr.system.files import disk_errors, make_folder, remove_leftovers, write_chunks_atomic


class StoreWriter:
    """Makes or extends the store at ``path``; a context manager that holds its lock.

    ``add`` leaves one part file a video beside the store (``<path>.parts/``), so a killed run goes on where
    it stopped. ``finish`` packs them behind the videos that are already there. New videos exist from the
    moment at which the manifest is renamed; bytes behind those it speaks of are leftovers of a killed
    ``finish``, and the next one overwrites them.

    Args:
        path: Folder of the store, created if need be.
        key: What the features are made with.
        replaced: Videos whose rows in the store are to be replaced; the old rows serve readers until ``finish``.
        anew: Make all features again. The old store serves readers until ``finish``, whatever it was made with.

    Raises:
        UserError: The store there was made otherwise, another process is writing it, or the disk refuses.

    Example:
        >>> import numpy as np, tempfile
        >>> key = StoreKey("clip", "a1", "resize 224", 1.0, 1, {"image": 4})
        >>> with tempfile.TemporaryDirectory() as folder, StoreWriter(Path(folder) / "index", key) as writer:
        ...     if not writer.done("v1"):
        ...         writer.add("v1", np.ones((3, 4)), duration_s=2.5)
        ...     writer.finish(["v1"])
    """

    def __init__(self, path: Path, key: StoreKey, replaced: Collection[str] = (), anew: bool = False) -> None:
        """Take the lock and find what is already done."""
        self.path, self.key, self._anew = path, key, anew
        self._parts_folder = parts_folder(path)
        make_folder(path)
        self._lock = _locked(path)
        try:
            remove_leftovers(path)
            self._manifest = Manifest(key) if anew else _manifest_for(path, key)
        except BaseException:
            self._lock.release()
            raise
        self._parts = list_parts(self._parts_folder, key)
        self._replaced = {video_id for video_id in replaced if video_id in self._manifest.videos}

    def __enter__(self) -> StoreWriter:
        """The writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Release the lock; parts stay for the next run."""
        self.close()

    def close(self) -> None:
        """Release the lock; may be called twice."""
        self._lock.release()

    def done(self, video_id: str) -> bool:
        """Whether a video's features are in the store or among the parts."""
        return video_id in self._parts or (video_id in self._manifest.videos and video_id not in self._replaced)

    def add(self, video_id: str, features: NDArray[Any], duration_s: float) -> None:
        """Keep the features of one more video.

        Args:
            video_id: A video that is not ``done``.
            features: One row a clip (n, D), any float type; stored as fp16.
            duration_s: Length of the video in seconds.

        Raises:
            UserError: Wrong shape, NaN, values beyond fp16, bad id or duration, or the disk refuses.
            ValueError: The video is done.
        """
        if self.done(video_id):
            raise ValueError(f"video {video_id!r} is already in {self.path}")
        write_part(self._parts_folder, self.key, video_id, features, duration_s)
        self._parts[video_id] = part_path(self._parts_folder, self.key, video_id)

    def expect(self, video_id: str) -> None:
        """Count on the part that another process wrote of a video; ``finish`` reads and checks it.

        Raises:
            UserError: The id cannot be a file name.
        """
        if not self.done(video_id):
            self._parts[video_id] = part_path(self._parts_folder, self.key, video_id)

    def finish(self, order: Sequence[str]) -> None:
        """Pack all parts into the store, verify what was written, remove the parts.

        Args:
            order: Videos that must be in the store afterwards. New ones are packed in this order; parts of
                videos not named follow, sorted by id.

        Raises:
            UserError: A video in ``order`` was never added, a part is damaged or absent, or the disk refuses; the
                store is then as it was, and the parts stay.
        """
        missing = [video_id for video_id in order if not self.done(video_id)]
        if missing or not (order or self._manifest.videos or self._parts):
            raise UserError(
                f"{self.path} lacks {len(missing)} videos, first {missing[:3]}; index them before finishing"
            )
        packed = self._manifest.videos.keys() - self._replaced
        new = [video_id for video_id in dict.fromkeys([*order, *self._parts]) if video_id not in packed]
        if new:
            self._manifest = self._pack(new)
        self._parts, self._replaced = {}, set()
        shutil.rmtree(self._parts_folder, ignore_errors=True)

    def _pack(self, new: list[str]) -> Manifest:
        """Append the parts of ``new`` to the data, or write all rows to a new file; then save the manifest."""
        if self._anew or self._mostly_unused(new):
            manifest = Manifest(self.key, data=_free_name(self.path))
            kept = [] if self._anew else [v for v in self._manifest.videos if v not in new]
            write_chunks_atomic(self.path / manifest.data, chain(self._copy(kept, manifest), self._drain(new, manifest)))
            start = 0
        else:
            kept, start = [], self._manifest.size_bytes
            manifest = Manifest(self.key, dict(self._manifest.videos), self._manifest.data)
            data = self.path / manifest.data
            if start:
                append_at(data, start, self._drain(new, manifest))
            else:
                write_chunks_atomic(data, self._drain(new, manifest))
        _verify_tail(self.path / manifest.data, start, manifest, [*kept, *new])
        manifest.save(self.path)  # from here on readers see the new rows
        for old in self.path.glob("features*.bin"):
            if old.name != manifest.data:
                old.unlink(missing_ok=True)
        self._anew = False
        return manifest

    def _mostly_unused(self, new: Iterable[str]) -> bool:
        """Whether most of the data file would be rows of videos that were replaced."""
        videos = self._manifest.videos
        unused = self._manifest.unused + sum(videos[video_id].count for video_id in new if video_id in videos)
        return 2 * unused > self._manifest.clips

    def _copy(self, kept: Sequence[str], manifest: Manifest) -> Iterator[bytes]:
        """Yield the bytes of videos that are in the store, entering each in the new manifest."""
        if kept:
            store = FeatureStore(self.path, self._manifest)
            for video_id in kept:
                entry = self._manifest.videos[video_id]
                manifest.append(video_id, entry.count, entry.duration_s, entry.checksum)
                yield store.read(video_id).tobytes()

    def _drain(self, new: Iterable[str], manifest: Manifest) -> Iterator[bytes]:
        """Yield the bytes of one part after another, entering each in the manifest."""
        for video_id in new:
            try:
                part, data = read_part(self._parts[video_id], self.key.dim)
            except UserError:
                del self._parts[video_id]
                raise
            manifest.append(video_id, part.count, part.duration_s, part.checksum)
            yield data


def _locked(path: Path) -> filelock.BaseFileLock:
    """Hold the store's lock; the system frees it when the process dies."""
    lock = filelock.FileLock(path / ".lock", timeout=0)
    try:
        with disk_errors(path):
            lock.acquire()
    except filelock.Timeout:
        raise UserError(f"another process is writing {path}; wait for it to end, or choose another folder") from None
    return lock


def _manifest_for(path: Path, key: StoreKey) -> Manifest:
    """The manifest of the store at ``path``, or an empty one; refuses a store made otherwise."""
    if not (path / MANIFEST).exists():
        return Manifest(key)
    # By the reader's checks: never extend a store that could not be read.
    return FeatureStore.open(path, key).manifest


def _free_name(path: Path) -> str:
    """A name for a data file that is not there yet: the old one serves readers until the manifest is saved."""
    return next(name for n in count(2) if not (path / (name := f"features-{n}.bin")).exists())


def _verify_tail(data: Path, start: int, manifest: Manifest, new: list[str]) -> None:
    """Read the new bytes back and compare checksums."""
    with data.open("rb") as file:
        file.seek(start)
        for video_id in new:
            entry = manifest.videos[video_id]
            if zlib.crc32(file.read(entry.count * manifest.key.dim * ITEM_BYTES)) != entry.checksum:
                raise UserError(f"{data}: what was written for video {video_id} reads back otherwise; check the disk")
