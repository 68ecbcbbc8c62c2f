"""Frames at any times through decord, for the files it reads correctly.

decord counts frames where FFmpeg gives times, and its count is wrong on many files: measured against numbered
frames, it returned another frame for 388 of 390 consecutive times of a stream-copied cut, for 42 of 360
scattered ones with open groups of pictures, and for all of an MPEG-TS that starts late. So it is asked only where
its count is provably that of the display: H.264 in MP4, nothing hidden by an edit list, closed groups of pictures.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.video.container import opened, packets, ticks_of
from spotvmr.video.frames import Frames, shown_at
from spotvmr.video.info import VideoInfo, probe
from spotvmr.video.per_process import PerProcess
from spotvmr.video.pyav_reader import PyavReader

_LOG = logging.getLogger(__name__)
# decord keeps times as 32-bit floats: 4 ms apart at 10 h. Enough to recognise a file, not to choose a frame.
_SAME_TIME_S = 0.005


class DecordReader:
    """Reads the frames on display at asked times.

    decord opens the file at the first read (one opened before a fork hangs in the worker), on one thread, and is
    asked for rising frame numbers. Times from the last key frame on are read with PyAV: where frames are missing at
    the end, decord can spin for ever holding the interpreter lock. If decord fails on the file, PyAV reads all of it.

    Args:
        path: The video.
        size: (height, width) of the frames; None keeps the video's own.
        info: The video's facts, where they are known already.

    Raises:
        UserError: As `probe`; decord is not installed; or it would return wrong frames for this file.
    """

    def __init__(self, path: Path, size: tuple[int, int] | None = None, info: VideoInfo | None = None) -> None:
        """Probe the file and read its packet table."""
        self.info: VideoInfo = info or probe(path)
        if not decord_installed():
            raise UserError("decord is not installed (it exists for x86-64 only); use the video backend pyav or auto")
        self._times_s, self._n_safe = _display_table(self.info)
        self._size = size
        self._decord = PerProcess(partial(_open, self.info, size, self._times_s))
        self._pyav = PyavReader(path, size, self.info)

    def read(self, times_s: Sequence[float]) -> Frames:
        """The frame on display at each time.

        Args:
            times_s: N times in seconds, any order, repeats allowed; before the start gives the first frame,
                past the end the last.

        Returns:
            N frames in the order asked, with the times they really have.
        """
        asked = np.asarray(times_s, dtype=np.float64)
        numbers = shown_at(asked, self._times_s)
        safe = numbers < self._n_safe
        if not safe.any():
            return self._pyav.read(times_s)
        unique, places = np.unique(numbers[safe], return_inverse=True)
        found = self._decode(unique)
        if found is None:
            return self._pyav.read(times_s)
        rest = self._pyav.read(asked[~safe].tolist()) if not safe.all() else None
        pixels: NDArray[np.uint8] = np.empty((len(asked), *found.shape[1:]), np.uint8)
        times_found_s = self._times_s[numbers]
        pixels[safe] = found[places]
        if rest is not None:
            pixels[~safe], times_found_s[~safe] = rest.pixels, rest.times_s
        return Frames(pixels, times_found_s)

    def _decode(self, numbers: NDArray[np.int64]) -> NDArray[np.uint8] | None:
        """Frames (N, H, W, 3) by rising number; None, now and from now on, when decord fails on this file."""
        from decord import DECORDError

        try:
            frames: NDArray[np.uint8] = self._decord.get().get_batch(numbers).asnumpy()
        except (DECORDError, _DisagreementError) as error:
            _LOG.warning("decord failed on %s (%s); PyAV reads it", self.info.path, str(error).splitlines()[0])
            self._n_safe = 0
            return None
        return frames


def decord_installed() -> bool:
    """Whether decord can be imported here."""
    try:
        import decord  # noqa: F401
    except (ImportError, OSError):  # OSError: its shared library does not fit this machine
        return False
    return True


class _DisagreementError(Exception):
    """decord counts other frames than FFmpeg does."""


def _display_table(info: VideoInfo) -> tuple[NDArray[np.float64], int]:
    """Times (N,) of all frames in order of display, and how many of them stand before the last key frame.

    Raises:
        UserError: decord would count other frames.
    """
    with opened(info.path) as (container, stream):
        if info.codec != "h264" or "mov" not in container.format.name:
            raise _refusal(info, f"{info.codec} in {container.format.name} is not H.264 in MP4")
        tick_s = float(stream.time_base or 1)
        facts = [(ticks_of(p) or 0, p.is_keyframe, p.is_discard) for p in packets(container, stream)]
    ticks = np.asarray([fact[0] for fact in facts])
    keys = np.flatnonzero([fact[1] for fact in facts])
    if any(fact[2] for fact in facts):
        raise _refusal(info, "an edit list hides some of its frames")
    # A group of pictures is closed when no frame coded from its key frame on is shown before it.
    first_shown_after = np.minimum.accumulate(ticks[::-1])[::-1]
    ordered = np.sort(ticks)
    if not len(keys) or keys[0] != 0 or np.any(first_shown_after[keys] < ticks[keys]) or np.any(np.diff(ordered) == 0):
        raise _refusal(info, "it has open groups of pictures or repeated times")
    return ordered * tick_s - info.origin_s, int(keys[-1])


def _refusal(info: VideoInfo, reason: str) -> UserError:
    """The error that names another backend."""
    return UserError(f"decord would return wrong frames for {info.path}: {reason}; use the video backend pyav or auto")


def _open(info: VideoInfo, size: tuple[int, int] | None, times_s: NDArray[np.float64]) -> Any:
    """A decord reader whose table agrees with FFmpeg's.

    Raises:
        DECORDError: decord cannot read the file.
        _DisagreementError: Its frame count or times differ.
    """
    import decord

    decord.logging.set_level(decord.logging.QUIET)
    height, width = size or (-1, -1)
    reader = decord.VideoReader(str(info.path), width=width, height=height, num_threads=1)
    if len(reader) != len(times_s):
        raise _DisagreementError(f"{len(reader)} frames instead of {len(times_s)}")
    starts_s = reader.get_frame_timestamp(np.arange(len(reader)))[:, 0].astype(np.float64)
    if np.abs(starts_s - times_s).max() > _SAME_TIME_S:
        raise _DisagreementError("other frame times")
    return reader
