"""Reading a feature store."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.features.key import StoreKey
from spotvmr.features.manifest import Manifest, VideoEntry


class FeatureStore:
    """The features of many videos, packed in one memory map; made by ``StoreWriter``.

    Reading copies nothing but what is gathered, and forked or spawned workers share the pages.

    Attributes:
        path: Folder of the store.
        manifest: Key and videos.
        dropped: Named parts that are read as zeros.
    """

    def __init__(self, path: Path, manifest: Manifest, dropped: Sequence[str] = ()) -> None:
        """Map the data; use ``open`` and ``without``, which check first."""
        self.path, self.manifest, self.dropped = path, manifest, tuple(dropped)
        kept = [np.full(size, name not in dropped) for name, size in manifest.key.parts.items()]
        self._kept = np.concatenate(kept).astype(np.float16)
        clips, dim = manifest.clips, manifest.key.dim
        # A plain array over the map: the memmap class adds microseconds to every slice.
        self._data = np.asarray(np.memmap(path / manifest.data, dtype=np.float16, mode="r", shape=(clips, dim)))

    @classmethod
    def open(cls, path: Path, expect: StoreKey | None = None) -> FeatureStore:
        """Open the store at ``path``.

        Args:
            path: Its folder.
            expect: What its features must have been made with; None accepts any.

        Raises:
            UserError: There is no store, it is damaged or cut, or it was made otherwise than expected (the
                message names each differing field).
        """
        manifest = Manifest.load(path)
        if expect is not None and (differences := manifest.key.differences(expect)):
            raise UserError(
                f"feature store {path} was made with other settings: {differences}; "
                "delete it and run `spotvmr index` again, or set paths.features to another folder"
            )
        data = path / manifest.data
        size = data.stat().st_size if data.is_file() else 0
        # A longer file is a killed extension: the manifest's bytes are whole, and the next one mends it.
        if size < manifest.size_bytes or not manifest.videos:
            raise UserError(
                f"{data} has {size} bytes where the manifest speaks of {manifest.size_bytes}: the store is "
                f"cut; delete {path} and run `spotvmr index` again"
            )
        return cls(path, manifest)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as the path: a worker maps the file again instead of receiving its content."""
        return _reopen, (self.path, self.manifest.key, self.dropped)

    def without(self, parts: Sequence[str]) -> FeatureStore:
        """The same store with some of its named parts read as zeros.

        Args:
            parts: Their names.

        Raises:
            UserError: The store has no such part.
        """
        known = self.key.parts
        if unknown := [name for name in parts if name not in known]:
            raise UserError(f"{unknown[0]} is no part of {self.path}, which has {', '.join(known)}")
        return FeatureStore(self.path, self.manifest, parts)

    @property
    def key(self) -> StoreKey:
        """What the features were made with."""
        return self.manifest.key

    @property
    def dim(self) -> int:
        """Channels D."""
        return self.manifest.key.dim

    @property
    def video_ids(self) -> tuple[str, ...]:
        """All videos, in the order they are packed."""
        return tuple(self.manifest.videos)

    def __contains__(self, video_id: object) -> bool:
        """Whether a video is in the store."""
        return video_id in self.manifest.videos

    def n_clips(self, video_id: str) -> int:
        """Number of clips of a video."""
        return self._entry(video_id).count

    def duration_s(self, video_id: str) -> float:
        """Length of a video in seconds."""
        return self._entry(video_id).duration_s

    def read(self, video_id: str, start: int = 0, stop: int | None = None) -> NDArray[np.float16]:
        """Read consecutive clips without copying.

        Args:
            video_id: The video.
            start: First clip.
            stop: The clip after the last; None or past the end means the end, as in slicing.

        Returns:
            Features (n, D), a read-only view of the memory map (copy it before giving it to torch).

        Raises:
            UserError: The video is not in the store.
        """
        return self._rows(video_id)[start:stop]

    def gather(self, video_id: str, clips: Sequence[int] | NDArray[np.integer[Any]]) -> NDArray[np.float16]:
        """Copy scattered clips.

        Args:
            video_id: The video.
            clips: Clip numbers (k,), in any order.

        Returns:
            Features (k, D) in the order of ``clips``.

        Raises:
            UserError: The video is not in the store.
            IndexError: A clip lies beyond the end of the video.
        """
        return self._rows(video_id).take(clips, axis=0)

    def content_digest(self, video_ids: Iterable[str]) -> str:
        """Sixteen hexadecimal digits of the features of some videos, from the checksums in the manifest.

        Raises:
            UserError: A video is not in the store.
        """
        entries = [(v, self._entry(v).count, self._entry(v).checksum) for v in sorted(set(video_ids))]
        return hashlib.sha256(json.dumps(entries).encode()).hexdigest()[:16]

    def verify(self) -> None:
        """Compare the checksum of every video.

        Raises:
            UserError: A video's bytes are not those that were written; names the first.
        """
        for video_id, entry in self.manifest.videos.items():
            if zlib.crc32(self._stored(video_id).data) != entry.checksum:
                raise UserError(
                    f"{self.path / self.manifest.data}: the features of video {video_id} are damaged (checksum); "
                    f"delete {self.path} and run `spotvmr index` again"
                )

    def _rows(self, video_id: str) -> NDArray[np.float16]:
        """All clips of a video (n, D), with zeros in the channels of dropped parts."""
        rows = self._stored(video_id)
        return rows * self._kept if self.dropped else rows

    def _stored(self, video_id: str) -> NDArray[np.float16]:
        """All clips of a video as they are in the file (n, D)."""
        entry = self._entry(video_id)
        return self._data[entry.offset : entry.offset + entry.count]

    def _entry(self, video_id: str) -> VideoEntry:
        """Where a video lies."""
        try:
            return self.manifest.videos[video_id]
        except KeyError:
            raise UserError(
                f"video {video_id} is not in the feature store {self.path}, which holds {len(self.manifest.videos)} "
                "videos; run `spotvmr index`"
            ) from None


def _reopen(path: Path, key: StoreKey, dropped: Sequence[str]) -> FeatureStore:
    """The store of a pickle, in another process."""
    store = FeatureStore.open(path, key)
    return store.without(dropped) if dropped else store
