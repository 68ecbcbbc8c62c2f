"""The manifest of a store: what its bytes are. A folder without one is not a store."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spotvmr.errors import UserError
from spotvmr.features.key import StoreKey
from spotvmr.system.files import write_bytes_atomic

MANIFEST = "manifest.json"
DATA = "features.bin"
_DATA_NAME = re.compile(r"features(-[0-9]{1,9})?\.bin")
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
    """Key and videos of a store, in the order of their bytes, and the name of the file that holds these."""

    key: StoreKey
    videos: dict[str, VideoEntry] = field(default_factory=dict)
    data: str = DATA

    @property
    def clips(self) -> int:
        """Clips of all videos."""
        last = next(reversed(self.videos.values()), VideoEntry(0, 0, 0.0, 0))
        return last.offset + last.count

    @property
    def unused(self) -> int:
        """Clips in the data file that no video refers to: the old rows of videos that were replaced."""
        return self.clips - sum(entry.count for entry in self.videos.values())

    @property
    def size_bytes(self) -> int:
        """Bytes of the data file that this manifest speaks of."""
        return self.clips * self.key.dim * ITEM_BYTES

    def append(self, video_id: str, count: int, duration_s: float, checksum: int) -> None:
        """Enter a video behind all others; one that is there already moves behind them."""
        entry = VideoEntry(self.clips, count, duration_s, checksum)
        self.videos.pop(video_id, None)  # its old rows stay in the data file, and nothing refers to them
        self.videos[video_id] = entry

    def save(self, folder: Path) -> None:
        """Write the manifest; this is the moment at which new videos come into being.

        Raises:
            UserError: It cannot be written; the old one stays.
        """
        videos = {video_id: asdict(entry) for video_id, entry in self.videos.items()}
        content = {"schema": _SCHEMA, "dim": self.key.dim, "key": self.key.to_json(), "videos": videos}
        content |= {"unused": self.unused} if self.unused else {}
        content |= {"data": self.data} if self.data != DATA else {}
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
            reason = " ".join(str(error).split())  # it may quote the file
            raise UserError(
                f"{path} is damaged ({type(error).__name__}: {reason}); delete {folder} and index again"
            ) from error


def _parse(content: dict[str, Any]) -> Manifest:
    """Build a manifest from JSON data; raises KeyError, TypeError, ValueError or AttributeError on nonsense."""
    if content["schema"] != _SCHEMA:
        raise ValueError(f"schema {content['schema']}, this version reads {_SCHEMA}")
    manifest = Manifest(StoreKey(**content["key"]), data=content.get("data", DATA))
    if not _DATA_NAME.fullmatch(manifest.data):
        raise ValueError(f"{manifest.data!r} is no name of a data file")
    for video_id, plain in content["videos"].items():
        entry = VideoEntry(**plain)
        if type(entry.offset) is not int or type(entry.count) is not int:
            raise TypeError(f"offset and count of video {video_id!r} are no whole numbers")
        if entry.offset < manifest.clips or entry.count < 1:
            raise ValueError(f"video {video_id!r} does not follow the one before it")
        manifest.videos[video_id] = entry
    # A changed offset or count shows without reading the data.
    if manifest.unused != content.get("unused", 0):
        raise ValueError(f"{manifest.unused} clips belong to no video, where {content.get('unused', 0)} are stated")
    return manifest
