"""The reader of a video file: one interface, several backends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from spotvmr.errors import UserError
from spotvmr.video.decord_reader import decord_installed, open_decord
from spotvmr.video.frames import Frames
from spotvmr.video.info import VideoInfo, probe
from spotvmr.video.numbered import NumberedReader
from spotvmr.video.pyav_reader import PyavReader
from spotvmr.video.torchcodec_reader import open_torchcodec, torchcodec_installed

BACKENDS = ("auto", "pyav", "decord", "torchcodec")
"""Values of the setting ``video.backend``."""
_OTHERS: dict[str, Callable[[VideoInfo, tuple[int, int] | None, int], NumberedReader]] = {
    "decord": open_decord,
    "torchcodec": open_torchcodec,
}


class Reader(Protocol):
    """Frames of one video at given times.

    Attributes:
        backend: Name of the backend that reads: pyav, decord or torchcodec.
        info: Facts of the video.
        decoded: Frames that ``read`` has decoded so far.
    """

    @property
    def backend(self) -> str: ...  # noqa: D102 described above

    @property
    def info(self) -> VideoInfo: ...  # noqa: D102 described above

    @property
    def decoded(self) -> int: ...  # noqa: D102 described above

    def read(self, times_s: Sequence[float]) -> Frames:
        """The frame on display at each time.

        Args:
            times_s: N times in seconds, any order, repeats allowed; before the start gives the first frame,
                past the end the last.

        Returns:
            N frames in the order of the times, with the times they really have.

        Raises:
            UserError: The backend does not read the file exactly, or the file is damaged.
        """

    def key_frames(self, after_s: float | None = None) -> Iterator[Frames]:
        """Each displayed key frame in turn, as `Frames` of one.

        Args:
            after_s: Only those shown later than this time, in seconds.
        """


def installed_backends() -> list[str]:
    """Backends that can read a file on this machine, PyAV first."""
    there = {"pyav": True, "decord": decord_installed(), "torchcodec": torchcodec_installed()}
    return [name for name, found in there.items() if found]


def open_reader(
    path: Path,
    backend: str = "auto",
    size: tuple[int, int] | None = None,
    info: VideoInfo | None = None,
    threads: int = 1,
) -> Reader:
    """A reader of a file.

    Args:
        path: The video.
        backend: The setting ``video.backend``. "auto" is PyAV: it reads every file, and no other was faster by more
            than a tenth on any kind of reading (``experiments/decode``).
        size: (height, width) of the frames; None keeps the video's own.
        info: Facts of the video, where they are known already.
        threads: Decoding threads; 0 uses every core.

    Returns:
        A reader that has probed the file and opens it at the first read.

    Raises:
        UserError: As `probe`; an unknown backend; a size below one pixel; a backend that is not installed or does not
            read the file exactly.
    """
    if backend not in BACKENDS:
        raise UserError(f"video.backend={backend} is unknown: choose one of {', '.join(BACKENDS)}")
    if size is not None and min(size) < 1:
        raise UserError(f"frame size {size} for {path} must be (height, width), each at least 1 pixel")
    info = info or probe(path)
    if backend in _OTHERS:
        return _OTHERS[backend](info, size, threads)
    return PyavReader(path, size, info, threads)
