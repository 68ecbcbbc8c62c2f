"""Decoding chosen clips: each group of pictures once, several stretches of the video at a time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from spotvmr.system.cores import usable_cores
from spotvmr.types import ClipGrid
from spotvmr.video import Reader, VideoInfo, clip_times, open_reader

_BATCH_BYTES = 48 << 20
"""Decoded frames of a batch; bounds memory whatever the resolution."""
_MOST_READERS = 4


@dataclass(frozen=True)
class ClipRequest:
    """Which frames of a clip to decode.

    Attributes:
        clip: Its number.
        expert: Whether the frames for the expert are decoded.
        index: Whether the frame at its middle is decoded.
    """

    clip: int
    expert: bool
    index: bool


@dataclass(frozen=True)
class DecodedClips:
    """Frames of some clips of a video.

    Attributes:
        clips: The clips (n,) with frames for the expert.
        pixels: These frames (n, K, H, W, 3), uint8, rgb.
        index_clips: The clips (m,) with a frame at their middle.
        index_pixels: The frames there (m, 1, H, W, 3), uint8, rgb.
        frames: Frames that came out of the decoder for all of them.
        cpu_s: Seconds of one core that it took.
    """

    clips: tuple[int, ...]
    pixels: NDArray[np.uint8]
    index_clips: tuple[int, ...]
    index_pixels: NDArray[np.uint8]
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
        backend: The setting ``video.backend``.
    """

    def __init__(self, info: VideoInfo, grid: ClipGrid, frames: int, batch: int, backend: str = "auto") -> None:
        self._info, self._grid, self._frames, self._backend = info, grid, frames, backend
        self._most_frames = min(batch * frames, max(frames + 1, _BATCH_BYTES // (info.width * info.height * 3)))

    def read(self, requests: Sequence[ClipRequest]) -> Iterator[DecodedClips]:
        """Decode clips.

        Args:
            requests: Clips to decode, each once.

        Yields:
            Batches of neighbours in time, as they are ready; which clips share a batch depends on ``requests`` alone.
        """
        ordered = sorted(requests, key=lambda request: request.clip)
        count = min(usable_cores(), _MOST_READERS, max(1, len(ordered)))
        readers = [open_reader(self._info.path, self._backend, info=self._info) for _ in range(count)]
        marks = [len(ordered) * part // count for part in range(count + 1)]
        queues = [self._batches(ordered[start:stop]) for start, stop in pairwise(marks)]
        with ThreadPoolExecutor(count) as pool:
            running: dict[Future[DecodedClips], int] = {}

            def start(number: int) -> None:
                if queues[number]:
                    running[pool.submit(self._decode, readers[number], queues[number].pop(0))] = number

            for number in range(count):
                start(number)
            while running:
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    start(running.pop(done))
                    yield done.result()

    def _batches(self, requests: Sequence[ClipRequest]) -> list[list[ClipRequest]]:
        """Cut into runs of at most so many frames."""
        runs: list[list[ClipRequest]] = []
        room = 0
        for request in requests:
            frames = request.expert * self._frames + request.index
            if frames > room:
                runs.append([])
                room = self._most_frames
            runs[-1].append(request)
            room -= frames
        return runs

    def _decode(self, reader: Reader, requests: Sequence[ClipRequest]) -> DecodedClips:
        """Decode one batch."""
        clips = tuple(request.clip for request in requests if request.expert)
        middles = tuple(request.clip for request in requests if request.index)
        times_s = [time_s for clip in clips for time_s in clip_times(self._grid, clip, self._frames)]
        times_s += [time_s for clip in middles for time_s in clip_times(self._grid, clip, 1)]
        began, before = time.thread_time(), reader.decoded
        pixels = reader.read(times_s).pixels  # in one forward pass, whatever the order of the times
        cut = len(clips) * self._frames
        expert = pixels[:cut].reshape(len(clips), self._frames, *pixels.shape[1:])
        index = pixels[cut:, None]
        return DecodedClips(clips, expert, middles, index, reader.decoded - before, time.thread_time() - began)
