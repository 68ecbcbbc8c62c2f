"""The files of a world: names, arrays, and which files exist."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spotvmr.system.files import remove_leftovers, whole_file
from spotvmr.worlds.settings import SPLITS, VERSION, WorldSettings, video_id_of

_OWN = re.compile(rf"^({'|'.join(SPLITS)})_\d{{4,}}$")
# Settings that change the number of videos or queries, but no pixel of a video
_COUNTS = {f"{split}_videos" for split in SPLITS} | {"queries_per_video", "train_queries_per_video"}


def video_path(root: Path, video_id: str) -> Path:
    """``root/videos/<video_id>.mp4``."""
    return root / "videos" / f"{video_id}.mp4"


def labels_path(root: Path, video_id: str) -> Path:
    """``root/labels/<video_id>.npz``."""
    return root / "labels" / f"{video_id}.npz"


def world_path(root: Path) -> Path:
    """``root/world.json``: settings, version of the generator, counts, and ``complete`` when all files are written."""
    return root / "world.json"


def wanted(settings: WorldSettings) -> list[tuple[str, int]]:
    """Split and number of every video of a world."""
    return [(split, number) for split in SPLITS for number in range(settings.videos(split))]


def is_there(root: Path, video_id: str) -> bool:
    """Whether a video and its labels exist."""
    return video_path(root, video_id).is_file() and labels_path(root, video_id).is_file()


def read_world(root: Path) -> dict[str, object]:
    """The contents of ``world.json``; empty when it is absent or cannot be read."""
    try:
        found = json.loads(world_path(root).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def same_pixels(found: dict[str, object], settings: WorldSettings) -> bool:
    """Whether videos generated for the record ``found`` have the pixels of ``settings``."""
    old = found.get("settings")
    if found.get("version") != VERSION or not isinstance(old, dict):
        return False
    return all(old.get(name) == value for name, value in asdict(settings).items() if name not in _COUNTS)


def discard(root: Path, keep: set[str]) -> None:
    """Delete generated videos and labels except those in ``keep``; other files stay."""
    remove_leftovers(root)
    for folder, suffix in (("videos", ".mp4"), ("labels", ".npz")):
        remove_leftovers(root / folder)
        for path in sorted((root / folder).glob(f"*{suffix}")):
            if _OWN.match(path.stem) and path.stem not in keep:
                path.unlink()


def write_arrays(path: Path, arrays: dict[str, NDArray[np.generic]]) -> None:
    """Write an npz file atomically; it can be read with ``allow_pickle=False``.

    Raises:
        UserError: As ``whole_file``.
    """
    # An open file, because numpy appends a suffix to a path.
    with whole_file(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def ids(settings: WorldSettings) -> set[str]:
    """Ids of every video of a world."""
    return {video_id_of(split, number) for split, number in wanted(settings)}
