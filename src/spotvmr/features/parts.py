"""Part files: the features of one video before they are packed into a store.

A part is one line of JSON, then the numbers. Its name is the video id and the digest of the store's key,
so that what another encoder left behind is never taken for ours. Any process may write parts of its own
videos; packing them is one process' work.
"""

from __future__ import annotations

import glob
import json
import math
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.features.key import StoreKey
from spotvmr.features.manifest import ITEM_BYTES
from spotvmr.system.files import write_chunks_atomic
from spotvmr.types.names import check_video_id


@dataclass(frozen=True)
class Part:
    """The head line of a part file.

    Attributes:
        video_id: The video.
        count: Number of its clips.
        duration_s: Length of the video in seconds.
        checksum: CRC-32 of the numbers.
    """

    video_id: str
    count: int
    duration_s: float
    checksum: int


def parts_folder(store: Path) -> Path:
    """Folder of the parts of a store."""
    return store.with_name(f"{store.name}.parts")


def part_path(folder: Path, key: StoreKey, video_id: str) -> Path:
    """Path of the part of a video.

    Raises:
        UserError: The id cannot be a file name.
    """
    return folder / f"{check_video_id(video_id)}.{key.digest()}.part"


def write_part(folder: Path, key: StoreKey, video_id: str, features: NDArray[Any], duration_s: float) -> Part:
    """Write one video's features as a part, atomically.

    Args:
        folder: Folder of the parts, created if need be.
        key: What the features were made with.
        video_id: The video.
        features: One row a clip (n, D), any float type; stored as fp16.
        duration_s: Length of the video in seconds, above zero.

    Raises:
        UserError: Wrong shape, NaN, values beyond fp16 (±65504), bad id or duration, or the disk refuses.
    """
    path = part_path(folder, key, video_id)
    if not (duration_s > 0 and math.isfinite(duration_s)):
        raise UserError(f"video {video_id}: duration {duration_s} s is not above zero; probe the video again")
    data = _packed(video_id, features, key.dim).tobytes()
    part = Part(video_id, len(features), float(duration_s), zlib.crc32(data))
    write_chunks_atomic(path, [json.dumps(asdict(part)).encode() + b"\n", data])
    return part


def read_part(path: Path, dim: int) -> tuple[Part, bytes]:
    """Read a part back and check it.

    Args:
        path: The part file.
        dim: Channels D of the store.

    Returns:
        Its head and its numbers.

    Raises:
        UserError: It is damaged, and the file is removed, so that the next run makes it again; or it is absent.
    """
    try:
        head, _, data = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        raise UserError(
            f"{path} was written, but is not here: if machines share the work, they must share this folder too"
        ) from None
    try:
        part = Part(**json.loads(head))
    except (ValueError, TypeError):
        part = Part("", -1, 0.0, 0)
    if len(data) != part.count * dim * ITEM_BYTES or zlib.crc32(data) != part.checksum:
        path.unlink()
        raise UserError(f"{path} was damaged and has been removed; run the same command again")
    return part, data


def list_parts(folder: Path, key: StoreKey) -> dict[str, Path]:
    """Find the parts made with ``key``: video id → file, sorted by id."""
    suffix = f".{key.digest()}.part"
    files = folder.iterdir() if folder.is_dir() else ()
    return {path.name.removesuffix(suffix): path for path in sorted(files) if path.name.endswith(suffix)}


def remove_parts(store: Path, video_ids: Iterable[str]) -> None:
    """Remove the parts of some videos, of any key."""
    for video_id in video_ids:
        for part in parts_folder(store).glob(f"{glob.escape(check_video_id(video_id))}.*.part"):
            part.unlink(missing_ok=True)


def _packed(video_id: str, features: NDArray[Any], dim: int) -> NDArray[np.float16]:
    """Features as fp16 in C order, checked."""
    if features.ndim != 2 or features.shape[1] != dim or not len(features):
        raise UserError(
            f"video {video_id}: features have shape {features.shape}, wanted (clips, {dim}); check the encoder"
        )
    with np.errstate(over="ignore"):
        packed = np.ascontiguousarray(features, dtype=np.float16)
    broken = ~np.isfinite(packed).all(axis=1)
    if broken.any():
        raise UserError(
            f"video {video_id}: features of {int(broken.sum())} clips, first clip {int(broken.argmax())}, "
            "are NaN or beyond fp16 (65504); check the encoder"
        )
    return packed
