"""Frames at any times through a decoder that knows frames by their number in order of display."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.video.frames import Frames, shown_at
from spotvmr.video.info import VideoInfo
from spotvmr.video.packets import PacketScan

DecodeNumbers: TypeAlias = Callable[[NDArray[np.int64]], NDArray[np.uint8]]
"""From rising frame numbers (n,) to their pixels (n, H, W, 3), uint8, rgb, upright."""


class RefusedError(UserError):
    """A backend does not read a file exactly."""

    def __init__(self, backend: str, info: VideoInfo, reason: str) -> None:
        super().__init__(f"video.backend={backend} cannot read {info.path} exactly ({reason}): use pyav or auto")


class NumberedReader:
    """Chooses frame numbers from the times of packets, and lets a decoder fetch these frames.

    Args:
        backend: Name of the decoder.
        info: Facts of the video.
        scan: Times and key frames of its packets.
        decode: The decoder.
        size: (height, width) of the frames.

    Attributes:
        decoded: Frames decoded so far. The decoder does not say it: this is the number of frames from the key frame
            before each frame, or from the last position.
    """

    def __init__(
        self, backend: str, info: VideoInfo, scan: PacketScan, decode: DecodeNumbers, size: tuple[int, int]
    ) -> None:
        self.backend, self.info, self.decoded = backend, info, 0
        self._times_s, self._keys = scan.times_s, np.flatnonzero(scan.keyframe)
        self._decode, self._size, self._position = decode, size, -1

    def read(self, times_s: Sequence[float]) -> Frames:
        """The frame on display at each time; see ``Reader.read``."""
        if not len(times_s):
            return Frames(np.empty((0, *self._size, 3), np.uint8), np.empty(0))
        numbers = shown_at(np.asarray(times_s, dtype=np.float64), self._times_s)
        unique, places = np.unique(numbers, return_inverse=True)
        pixels = self._decode(unique)
        self._count(unique)
        return Frames(pixels[places], self._times_s[numbers])

    def key_frames(self, after_s: float | None = None) -> Iterator[Frames]:
        """Each displayed key frame in turn; see ``Reader.key_frames``."""
        for number in self._keys:
            if after_s is None or self._times_s[number] > after_s:
                yield self.read([float(self._times_s[number])])

    def _count(self, numbers: NDArray[np.int64]) -> None:
        """Add the frames that stand between the decoder's position and each number."""
        groups = np.searchsorted(self._keys, numbers, side="right") - 1
        for number, group in zip(numbers.tolist(), groups.tolist(), strict=True):
            key = int(self._keys[group]) if group >= 0 else 0
            goes_on = key <= self._position <= number
            self.decoded += number - self._position if goes_on else number - key + 1
            self._position = number
