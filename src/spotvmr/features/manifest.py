"""The manifest of a store: what its bytes are. A folder without one is not a store."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spotvmr.errors import UserError
from spotvmr.features.key import StoreKey
from spotvmr.system.files import write_bytes_atomic

MANIFEST = "manifest.json"
DATA = "features.bin"
ITEM_BYTES = 2
"""Bytes of an fp16 number."""
_SCHEMA = 1


@dataclass(frozen=True)
class VideoEntry:
    """Where one video's features lie.

    Attributes:
        offset: Clips of other videos before its first.
        count: Number of its clips.
        duration_s: Length of the video in seconds.
        checksum: CRC-32 of its bytes.
    """

    offset: int
    count: int
    duration_s: float
    checksum: int


@dataclass
class Manifest:
    """Key and videos of a store, in the order of their bytes."""

    key: StoreKey
    videos: dict[str, VideoEntry] = field(default_factory=dict)

    @property
    def clips(self) -> int:
        """Clips of all videos."""
        last = next(reversed(self.videos.values()), VideoEntry(0, 0, 0.0, 0))
        return last.offset + last.count

    @property
    def size_bytes(self) -> int:
        """Bytes of the data file that this manifest speaks of."""
        return self.clips * self.key.dim * ITEM_BYTES

    def append(self, video_id: str, count: int, duration_s: float, checksum: int) -> None:
        """Enter a video behind all others."""
        self.videos[video_id] = VideoEntry(self.clips, count, duration_s, checksum)

    def save(self, folder: Path) -> None:
        """Write the manifest; this is the moment at which new videos come into being.

        Raises:
            UserError: It cannot be written; the old one stays.
        """
        videos = {video_id: asdict(entry) for video_id, entry in self.videos.items()}
        content = {"schema": _SCHEMA, "dim": self.key.dim, "key": self.key.to_json(), "videos": videos}
        write_bytes_atomic(folder / MANIFEST, json.dumps(content, indent=1).encode())

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read and check the manifest of a store.

        Raises:
            UserError: There is none, or it is not one of ours.
        """
        path = folder / MANIFEST
        try:
            content = json.loads(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(f"no feature store at {folder} ({MANIFEST} is absent); run `spotvmr index`") from None
        except ValueError:
            raise UserError(f"{path} is not JSON: the store is damaged; delete {folder} and index again") from None
        try:
            return _parse(content)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UserError(
                f"{path} is damaged ({type(error).__name__}: {error}); delete {folder} and index again"
            ) from error


def _parse(content: dict[str, Any]) -> Manifest:
    """Build a manifest from JSON data; raises KeyError, TypeError, ValueError or AttributeError on nonsense."""
    if content["schema"] != _SCHEMA:
        raise ValueError(f"schema {content['schema']}, this version reads {_SCHEMA}")
    manifest = Manifest(StoreKey(**content["key"]))
    for video_id, entry in content["videos"].items():
        manifest.append(video_id, entry["count"], entry["duration_s"], entry["checksum"])
        # Packed without gaps: a changed offset or count shows without reading the data.
        if manifest.videos[video_id] != VideoEntry(**entry) or entry["count"] < 1:
            raise ValueError(f"video {video_id!r} does not follow the one before it")
    return manifest
