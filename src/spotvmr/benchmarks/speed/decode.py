"""Benchmark of decoding: each installed video backend on dense, key-frame and scattered reading."""

from __future__ import annotations

import logging
import random
import statistics
import time
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from spotvmr.errors import UserError
from spotvmr.types import ClipGrid
from spotvmr.video import Reader, VideoInfo, clip_times, installed_backends, open_reader, probe

log = logging.getLogger(__name__)

_REFERENCE = "pyav"
_ROUNDS = 5
_CLIP_S, _FRAMES = 1.0, 4
_DENSE_CLIPS, _KEY_FRAMES, _SCATTERED_CLIPS = 60, 60, 20


def decode_rows(videos: Mapping[str, Path], rounds: int = _ROUNDS) -> list[dict[str, Any]]:
    """Time every installed backend on each video, with one thread.

    The backends take turns within a round, so that other work on the machine slows all of them alike.

    Args:
        videos: Path of each video, by its name in the rows.
        rounds: Measurements of each backend.

    Returns:
        Rows of ``what``, ``median`` and ``unit``: milliseconds a frame, opening included, and the time over that of
        PyAV in the same round. A backend that refuses a video has no rows; the log has its reason.

    Raises:
        UserError: A video cannot be read.
    """
    rows = []
    for name, path in videos.items():
        info = probe(path)
        backends = [backend for backend in installed_backends() if _reads(backend, info)]
        for kind, read in _KINDS.items():
            times = [{backend: _ms_per_frame(backend, info, read) for backend in backends} for _ in range(rounds)]
            rows += _rows(f"{name}, {kind}", times)
    return rows


def _rows(what: str, rounds: list[dict[str, float]]) -> list[dict[str, Any]]:
    """Medians over rounds of the times, and of their ratios to the reference in the same round."""
    rows: list[dict[str, Any]] = []
    for backend in rounds[0]:
        median = statistics.median(one[backend] for one in rounds)
        rows.append({"what": f"{what}, {backend}", "median": median, "unit": "ms/frame", "limit": None})
        if backend != _REFERENCE:
            ratio = statistics.median(one[backend] / one[_REFERENCE] for one in rounds)
            what_ratio = f"{what}, {backend} over {_REFERENCE}"
            rows.append({"what": what_ratio, "median": ratio, "unit": "times", "limit": None})
    return rows


def _reads(backend: str, info: VideoInfo) -> bool:
    """Whether a backend reads a video exactly."""
    try:
        open_reader(info.path, backend, info=info).read([0.0])
    except UserError as error:
        if backend == _REFERENCE:
            raise
        log.warning("%s", error)
        return False
    return True


def _ms_per_frame(backend: str, info: VideoInfo, read: Callable[[Reader], int]) -> float:
    """Milliseconds a frame of one reading on a new reader."""
    began = time.perf_counter()
    frames = read(open_reader(info.path, backend, info=info))
    return 1000 * (time.perf_counter() - began) / frames


def _dense(reader: Reader) -> int:
    """Clip after clip, as indexing reads."""
    grid = ClipGrid(reader.info.duration_s, _CLIP_S)
    return sum(len(reader.read(clip_times(grid, clip, _FRAMES))) for clip in range(min(_DENSE_CLIPS, grid.n_clips)))


def _key_frames(reader: Reader) -> int:
    """The first key frames, as the index pass of a search reads."""
    return sum(len(frames) for frames in islice(reader.key_frames(), _KEY_FRAMES))


def _scattered(reader: Reader) -> int:
    """Random clips, as a search reads the selected ones."""
    grid = ClipGrid(reader.info.duration_s, _CLIP_S)
    clips = random.Random(0).sample(range(grid.n_clips), min(_SCATTERED_CLIPS, grid.n_clips))
    return len(reader.read([time_s for clip in clips for time_s in clip_times(grid, clip, _FRAMES)]))


_KINDS: dict[str, Callable[[Reader], int]] = {"dense": _dense, "key frames": _key_frames, "scattered": _scattered}
