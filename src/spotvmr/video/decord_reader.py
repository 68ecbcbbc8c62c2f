"""Frames at any times through decord, for the files it reads correctly.

decord counts frames where FFmpeg gives times, and its count is wrong on many files: measured against numbered
frames, it returned another frame for 388 of 390 consecutive times of a stream-copied cut, for 42 of 360
scattered ones with open groups of pictures, and for all of an MPEG-TS that starts late. So it reads a file only where
its count is provably that of the display: H.264 in MP4, nothing hidden by an edit list, closed groups of pictures.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.video.container import opened
from spotvmr.video.info import VideoInfo
from spotvmr.video.numbered import NumberedReader, RefusedError
from spotvmr.video.packets import PacketScan, scan_packets
from spotvmr.video.per_process import PerProcess
from spotvmr.video.pyav_reader import PyavReader

# decord keeps times as 32-bit floats: 4 ms apart at 10 h. Enough to recognise a file, not to choose a frame.
_SAME_TIME_S = 0.005


def decord_installed() -> bool:
    """Whether decord can be imported here."""
    try:
        import decord  # noqa: F401
    except (ImportError, OSError):  # OSError: its shared library does not fit this machine
        return False
    return True


def open_decord(info: VideoInfo, size: tuple[int, int] | None = None, threads: int = 1) -> NumberedReader:
    """A reader of a file that decord reads exactly.

    decord opens the file at the first read: a decord reader that was opened before a fork hangs in the worker. PyAV
    reads the last group of pictures: where frames are missing at the end, decord can spin for ever while it holds the
    interpreter lock.

    Args:
        info: Facts of the video.
        size: (height, width) of the frames; None keeps the video's own.
        threads: Decoding threads; 0 uses every core.

    Raises:
        UserError: decord is not installed; or it would return wrong frames for this file (``RefusedError``). ``read``
            of the result raises the same when decord fails later.
    """
    if not decord_installed():
        raise UserError("video.backend=decord: decord is not installed (it exists for x86-64 only): use pyav or auto")
    scan = scan_packets(info.path, info)
    _check(info, scan)
    decode = _Decord(info, size, scan, threads)
    return NumberedReader("decord", info, scan, decode, size or (info.height, info.width))


class _Decord:
    """Fetches frames by number: decord those before the last key frame, PyAV the others."""

    def __init__(self, info: VideoInfo, size: tuple[int, int] | None, scan: PacketScan, threads: int) -> None:
        self._info, self._times_s = info, scan.times_s
        self._n_safe = int(np.flatnonzero(scan.keyframe)[-1])
        self._decord = PerProcess(partial(_open, info, size, scan.times_s, threads))
        self._pyav = PyavReader(info.path, size, info, threads)

    def __call__(self, numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Pixels (n, H, W, 3) of rising frame numbers (n,)."""
        safe = int((numbers < self._n_safe).sum())
        parts = [self._fetch(numbers[:safe])] if safe else []
        if safe < len(numbers):
            parts.append(self._pyav.read(self._times_s[numbers[safe:]].tolist()).pixels)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _fetch(self, numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Frames by decord."""
        from decord import DECORDError

        try:
            frames: NDArray[np.uint8] = self._decord.get().get_batch(numbers).asnumpy()
        except DECORDError as error:
            raise RefusedError(
                "decord", self._info, f"it fails: {str(error).splitlines()[0].rpartition(': ')[2]}"
            ) from error
        return frames


def _check(info: VideoInfo, scan: PacketScan) -> None:
    """Refuse a file whose frames decord would count in another way."""
    with opened(info.path) as (container, _):
        format_name = container.format.name
    if info.codec != "h264" or "mov" not in format_name:
        raise RefusedError("decord", info, f"{info.codec} in {format_name} is not H.264 in MP4")
    if scan.hidden:
        raise RefusedError("decord", info, "an edit list hides some of its frames")
    if not scan.keyframe[:1].any() or scan.open_groups or np.any(np.diff(scan.times_s) <= 0):
        raise RefusedError("decord", info, "it has open groups of pictures or repeated times")


def _open(info: VideoInfo, size: tuple[int, int] | None, times_s: NDArray[np.float64], threads: int) -> Any:
    """A decord reader whose table agrees with that of the packets.

    Raises:
        DECORDError: decord cannot read the file.
        RefusedError: Its frame count or times differ.
    """
    import decord

    decord.logging.set_level(decord.logging.QUIET)
    height, width = size or (-1, -1)
    reader = decord.VideoReader(str(info.path), width=width, height=height, num_threads=threads)
    if len(reader) != len(times_s):
        raise RefusedError("decord", info, f"it counts {len(reader)} frames instead of {len(times_s)}")
    starts_s = reader.get_frame_timestamp(np.arange(len(reader)))[:, 0].astype(np.float64)
    if np.abs(starts_s - times_s).max() > _SAME_TIME_S:
        raise RefusedError("decord", info, "it gives other frame times")
    return reader
