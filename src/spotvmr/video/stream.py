"""One pass over a whole video, clip by clip, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from spotvmr.types.grid import ClipGrid
from spotvmr.video.cursor import Cursor
from spotvmr.video.frames import Frames, clip_times
from spotvmr.video.info import probe
from spotvmr.video.pixels import RgbConverter


def stream_clips(
    path: Path, grid: ClipGrid, frames: int, size: tuple[int, int] | None = None, threads: int = 0
) -> Iterator[tuple[int, Frames]]:
    """Every clip of the grid in order, from ONE sequential decode.

    The frames are those a reader gives at `clip_times`; memory holds one clip, however long the video.

    Args:
        path: The video.
        grid: The clips; those past the end of the video repeat its last frame.
        frames: Frames a clip, at least one.
        size: (height, width) of the frames; None keeps the video's own.
        threads: Decoding threads; 0 uses every core, 1 is for callers with a process a core.

    Yields:
        Clip number and its `frames` frames.

    Raises:
        UserError: As `probe`, at the first step.
        ValueError: Fewer than one frame a clip.
    """
    info = probe(path)
    cursor, to_rgb = Cursor(info, threads), RgbConverter(info.rotation, size or (info.height, info.width))
    before = None
    for clip in range(grid.n_clips):
        pixels, times_s = [], []
        for time_s in clip_times(grid, clip, frames):
            frame = cursor.forward(time_s)
            if frame is not before:
                rgb, before = to_rgb(frame), frame
            pixels.append(rgb)
            times_s.append(cursor.time_s(frame))
        yield clip, Frames(np.stack(pixels), np.asarray(times_s))
