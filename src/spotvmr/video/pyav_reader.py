"""Frames at any times through PyAV, which reads every container and codec FFmpeg knows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spotvmr.video.cursor import Cursor
from spotvmr.video.frames import Frames
from spotvmr.video.info import VideoInfo, probe
from spotvmr.video.per_process import PerProcess
from spotvmr.video.pixels import RgbConverter


class PyavReader:
    """Reads the frames on display at asked times; every group of pictures is decoded once a call.

    The file is opened at the first read, and again in a forked or spawned worker.

    Args:
        path: The video.
        size: (height, width) of the frames; None keeps the video's own.
        info: The video's facts, where they are known already.

    Raises:
        UserError: As `probe`.
    """

    def __init__(self, path: Path, size: tuple[int, int] | None = None, info: VideoInfo | None = None) -> None:
        """Probe the file."""
        self.info: VideoInfo = info or probe(path)
        self._size = size
        self._cursor = PerProcess(partial(Cursor, self.info))

    @property
    def decoded(self) -> int:
        """Frames that this process has decoded so far, those on the way to the asked ones included."""
        return self._cursor.get().decoded

    def read(self, times_s: Sequence[float]) -> Frames:
        """The frame on display at each time.

        Args:
            times_s: N times in seconds, any order, repeats allowed; before the start gives the first frame,
                past the end the last.

        Returns:
            N frames in the order asked, with the times they really have.
        """
        asked = np.asarray(times_s, dtype=np.float64)
        height, width = self._size or (self.info.height, self.info.width)
        pixels: NDArray[np.uint8] = np.empty((len(asked), height, width, 3), np.uint8)
        found_s = np.empty(len(asked), np.float64)
        cursor, to_rgb, before = self._cursor.get(), RgbConverter(self.info.rotation, (height, width)), None
        for place in np.argsort(asked, kind="stable"):
            frame = cursor.at(float(asked[place]))
            if frame is not before:
                rgb, before = to_rgb(frame), frame
            pixels[place], found_s[place] = rgb, cursor.time_s(frame)
        return Frames(pixels, found_s)
