"""Decoding the clips of many videos in a worker process under a watchdog."""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from spotvmr.errors import UserError
from spotvmr.types import ClipGrid
from spotvmr.video import probe, stream_clips

STUCK_S = 60
"""A decoder that is silent for so many seconds hangs; a chunk takes seconds at most, even of 4K film."""
_CHUNK_BYTES = 48 << 20
"""Decoded frames handed over at once; bounds memory whatever the resolution."""
_SHARED = Path("/dev/shm")  # noqa: S108 where Linux keeps shared memory; absent elsewhere
_ROOM = 4
"""Chunks that must fit when one is handed over: other workers hand theirs over at the same time."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive clips of one video.

    Attributes:
        video_id: The video.
        duration_s: Its length.
        start: Number of the first; 0 begins the video, or begins it again.
        pixels: Frames (n, K, H, W, 3), uint8.
        decode_s: Seconds spent on decoding them.
        last: Whether the video ends here.
    """

    video_id: str
    duration_s: float
    start: int
    pixels: Tensor
    decode_s: float
    last: bool


@dataclass(frozen=True)
class Failure:
    """A video that cannot be read; crosses from a worker as data, since a raised error arrives with its traceback."""

    video_id: str
    message: str


@dataclass(frozen=True)
class _Piped:
    """A chunk whose pixels travel through a pipe, since shared memory has no room for them.

    Attributes:
        chunk: The chunk without pixels.
        pixels: Its pixels.
    """

    chunk: Chunk
    pixels: NDArray[np.uint8]


class ClipStream(IterableDataset[Chunk | _Piped | Failure]):
    """Decoded clips of many videos, for ONE worker process.

    Args:
        videos: Path of each video.
        clip_s: Length of a clip in seconds.
        frames: Frames a clip, K.
        chunk_clips: Clips handed over at once, at most.
        backend: The setting ``video.backend``.

    Attributes:
        begun: Number of videos begun (1,); in shared memory, so that it is known when the worker died.
    """

    def __init__(self, videos: Mapping[str, Path], clip_s: float, frames: int, chunk_clips: int, backend: str) -> None:
        self.videos, self.clip_s, self.frames, self.chunk_clips = videos, clip_s, frames, chunk_clips
        self.backend = backend
        self.begun = torch.zeros(1, dtype=torch.int64).share_memory_()

    def __iter__(self) -> Iterator[Chunk | _Piped | Failure]:
        """Go through the videos; one that cannot be read becomes a ``Failure``."""
        for video_id in self.videos:
            self.begun += 1
            try:
                yield from self._video(video_id)
            except UserError as error:
                yield Failure(video_id, str(error))
            except MemoryError:
                yield Failure(video_id, f"no memory to decode {self.videos[video_id]}; make it smaller or leave it out")

    def _video(self, video_id: str) -> Iterator[Chunk | _Piped]:
        """Decode one video once, in chunks."""
        info = probe(self.videos[video_id])
        grid = ClipGrid(info.duration_s, self.clip_s)
        size = max(1, min(self.chunk_clips, _CHUNK_BYTES // (self.frames * info.width * info.height * 3)))
        held: list[np.ndarray] = []
        began = time.perf_counter()
        for clip, frames in stream_clips(info.path, grid, self.frames, None, 0, self.backend):
            held.append(frames.pixels)
            if len(held) == size or clip + 1 == grid.n_clips:
                pixels = np.stack(held)
                spent, start = time.perf_counter() - began, clip + 1 - len(held)
                chunk = Chunk(video_id, info.duration_s, start, torch.empty(0), spent, clip + 1 == grid.n_clips)
                if _fits_shared_memory(pixels.nbytes):
                    yield replace(chunk, pixels=torch.from_numpy(pixels))
                else:
                    yield _Piped(chunk, pixels)
                held, began = [], time.perf_counter()


def _fits_shared_memory(n_bytes: int) -> bool:
    """Whether a tensor can go through shared memory, of which Docker gives a container 64 MB."""
    return not _SHARED.is_dir() or shutil.disk_usage(_SHARED).free > _ROOM * n_bytes


def decoded(
    videos: Mapping[str, Path], clip_s: float, frames: int, chunk_clips: int, workers: int, backend: str = "auto"
) -> Iterator[Chunk | Failure]:
    """As ``watched``, by so many worker processes, each with its own share of the videos.

    Yields:
        The chunks of each video in order, but those of different videos mixed.
    """
    names = list(videos)
    shares = [{name: videos[name] for name in names[first::workers]} for first in range(min(workers, len(names)))]
    streams = deque(_begun_and_watched(share, clip_s, frames, chunk_clips, backend) for share in shares)
    for stream in streams:
        next(stream)  # so that all are at work before the first is waited for
    while streams:
        # In turn: while one is waited for, the others decode ahead.
        stream = streams.popleft()
        with suppress(StopIteration):
            chunk = next(stream)
            streams.append(stream)
            if chunk is not None:
                yield chunk


def watched(
    videos: Mapping[str, Path], clip_s: float, frames: int, chunk_clips: int, backend: str = "auto"
) -> Iterator[Chunk | Failure]:
    """Chunks of all videos; a worker that dies or hangs is replaced, and the video it was at is left out.

    Chunks of other videos may be lost with a worker: those begin again.

    Args:
        videos: Path of each video.
        clip_s: Length of a clip in seconds.
        frames: Frames a clip, K.
        chunk_clips: Clips handed over at once, at most.
        backend: The setting ``video.backend``.

    Yields:
        The chunks of one video after another, or one ``Failure`` for a video that cannot be read.
    """
    chunks = _begun_and_watched(videos, clip_s, frames, chunk_clips, backend)
    return (chunk for chunk in chunks if chunk is not None)


def _begun_and_watched(
    videos: Mapping[str, Path], clip_s: float, frames: int, chunk_clips: int, backend: str
) -> Iterator[Chunk | Failure | None]:
    """As ``watched``; yields None each time a worker has begun."""
    left = dict(videos)
    while left:
        order, stream = list(left), ClipStream(dict(left), clip_s, frames, chunk_clips, backend)
        try:
            chunks = iter(DataLoader(stream, batch_size=None, num_workers=1, timeout=STUCK_S))
            if threading.current_thread() is threading.main_thread():
                # torch's handler raises at whatever line the caller is; waiting for a chunk finds the death as well.
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            yield None
            for found in chunks:
                chunk = found
                if isinstance(found, _Piped):
                    chunk = replace(found.chunk, pixels=torch.from_numpy(found.pixels))
                if isinstance(chunk, Failure) or chunk.last:
                    del left[chunk.video_id]
                yield chunk
        except RuntimeError as error:
            said = str(error)
            died, stuck = "exited unexpectedly" in said or "killed by signal" in said, "timed out" in said
            guilty = order[int(stream.begun) - 1]
            if not (died or stuck) or not stream.begun or guilty not in left:
                raise
            path = left.pop(guilty)
            fault = "crashes the decoder" if died else f"gives no clip within {STUCK_S} s"
            yield Failure(
                guilty, f"{path} {fault}: it is damaged, or larger than this machine can decode; get it again"
            )
