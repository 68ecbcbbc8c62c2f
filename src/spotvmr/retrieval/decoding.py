"""Decoding chosen clips: each group of pictures once, several stretches of the video at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spotvmr.types import ClipGrid
from spotvmr.video import PyavReader, VideoInfo, clip_times

_BATCH_BYTES = 48 << 20
"""Decoded frames of a batch; bounds memory whatever the resolution."""
_MOST_READERS = 4


@dataclass(frozen=True)
class DecodedClips:
    """Some clips of a video.

    Attributes:
        clips: Their numbers (n,).
        pixels: Their frames (n, K, H, W, 3), uint8, rgb.
        frames: Frames that came out of the decoder for them.
        cpu_s: Seconds of one core that it took.
    """

    clips: tuple[int, ...]
    pixels: NDArray[np.uint8]
    frames: int
    cpu_s: float


class ClipDecoder:
    """Reads clips of one video by several readers at once, each its own stretch.

    Decoding frees the interpreter lock, so that readers share the cores, and a stretch of its own keeps any group
    of pictures from being decoded by two. The file is open during a call alone: each reader holds the table of all
    its packets, 12 to 36 MiB for 10 h, where opening takes 0.08 s.

    Args:
        info: The video.
        grid: Its clips.
        frames: Frames a clip, K.
        batch: Clips handed over at once, at most.
    """

    def __init__(self, info: VideoInfo, grid: ClipGrid, frames: int, batch: int) -> None:
        self._info, self._grid, self._frames = info, grid, frames
        self._batch = max(1, min(batch, _BATCH_BYTES // (frames * info.width * info.height * 3)))

    def read(self, clips: Sequence[int]) -> Iterator[DecodedClips]:
        """Decode clips.

        Args:
            clips: Numbers of clips, each once.

        Yields:
            Batches of neighbours in time, as they get ready; which clips share a batch depends on ``clips`` alone.
        """
        count = min(usable_cores(), _MOST_READERS, max(1, len(clips)))
        readers = [PyavReader(self._info.path, None, self._info) for _ in range(count)]
        stretches = np.array_split(np.asarray(sorted(clips), np.int64), count)
        queues = [_batches(stretch.tolist(), self._batch) for stretch in stretches]
        with ThreadPoolExecutor(count) as pool:
            running: dict[Future[DecodedClips], int] = {}

            def start(number: int) -> None:
                if queues[number]:
                    running[pool.submit(self._decode, readers[number], queues[number].pop(0))] = number

            for number in range(len(queues)):
                start(number)
            while running:
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    start(running.pop(done))
                    yield done.result()

    def _decode(self, reader: PyavReader, clips: Sequence[int]) -> DecodedClips:
        """Decode one batch."""
        times_s = [time_s for clip in clips for time_s in clip_times(self._grid, clip, self._frames)]
        began, before = time.thread_time(), reader.decoded
        pixels = reader.read(times_s).pixels
        shaped = pixels.reshape(len(clips), self._frames, *pixels.shape[1:])
        return DecodedClips(tuple(clips), shaped, reader.decoded - before, time.thread_time() - began)


def usable_cores() -> int:
    """Cores this process may use; a container's share can be smaller than the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _batches(clips: list[int], size: int) -> list[list[int]]:
    """Cut into runs of at most ``size``."""
    return [clips[start : start + size] for start in range(0, len(clips), size)]
