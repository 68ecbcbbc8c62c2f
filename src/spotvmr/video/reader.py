"""Choosing a reader for a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from spotvmr.errors import UserError
from spotvmr.video.decord_reader import DecordReader, decord_installed
from spotvmr.video.frames import Frames
from spotvmr.video.info import VideoInfo, probe
from spotvmr.video.pyav_reader import PyavReader

_LONG_S = 3600.0


class Reader(Protocol):
    """Frames of one video at asked times."""

    info: VideoInfo

    def read(self, times_s: Sequence[float]) -> Frames:
        """The frame on display at each time (seconds), clamped to the ends, in the order asked."""


def open_reader(path: Path, backend: str = "auto", size: tuple[int, int] | None = None) -> Reader:
    """A reader for a file.

    Args:
        path: The video.
        backend: "decord" (fast, for plain files), "pyav" (reads everything), or "auto": decord where it is installed
            and right, PyAV elsewhere, and for videos above an hour, where decord reads the whole file to open it.
        size: (height, width) of the frames; None keeps the video's own.

    Returns:
        A reader that has probed the file and opens it at the first read.

    Raises:
        UserError: As `probe`; an unknown backend; a size below one pixel; "decord" where it is absent or wrong.
    """
    if backend not in ("auto", "decord", "pyav"):
        raise UserError(f"unknown video backend {backend!r}: choose auto, decord or pyav")
    if size is not None and min(size) < 1:
        raise UserError(f"frame size {size} for {path} must be (height, width), each at least 1 pixel")
    info = probe(path)
    if backend == "decord" or (backend == "auto" and info.duration_s <= _LONG_S and decord_installed()):
        try:
            return DecordReader(path, size, info)
        except UserError:
            if backend == "decord":
                raise
    return PyavReader(path, size, info)
