"""Passes over a whole video in constant memory: clip by clip, or key frame by key frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spotvmr.types.grid import ClipGrid
from spotvmr.video.frames import Frames, clip_times
from spotvmr.video.reader import open_reader


def stream_clips(
    path: Path,
    grid: ClipGrid,
    frames: int,
    size: tuple[int, int] | None = None,
    threads: int = 0,
    backend: str = "auto",
) -> Iterator[tuple[int, Frames]]:
    """Every clip of the grid in order, from ONE open reader.

    The frames are those at `clip_times`; memory holds one clip, however long the video.

    Args:
        path: The video.
        grid: The clips; those past the end of the video repeat its last frame.
        frames: Frames a clip, at least one.
        size: (height, width) of the frames; None keeps the video's own.
        threads: Decoding threads; 0 uses every core, 1 is for callers with a process a core.
        backend: The setting ``video.backend``.

    Yields:
        Clip number and its `frames` frames.

    Raises:
        UserError: As `open_reader`, at the first step.
        ValueError: Fewer than one frame a clip.
    """
    reader = open_reader(path, backend, size, threads=threads)
    for clip in range(grid.n_clips):
        yield clip, reader.read(clip_times(grid, clip, frames))


def iter_keyframes(
    path: Path, size: tuple[int, int] | None = None, after_s: float | None = None, backend: str = "auto"
) -> Iterator[Frames]:
    """Each displayed key frame in turn, as `Frames` of one.

    A stream-copied cut that starts between key frames has none before its first whole group of pictures.

    Args:
        path: The video.
        size: (height, width) of the frames; None keeps the video's own.
        after_s: Only those shown later than this time, in seconds.
        backend: The setting ``video.backend``.

    Raises:
        UserError: As `open_reader`, at the first step.
    """
    yield from open_reader(path, backend, size).key_frames(after_s)
