"""The index pass: decodes and encodes key frames, and stores the features chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from spotvmr.assembly import encode_clips
from spotvmr.cost import Ledger
from spotvmr.encoders import ClipEncoder
from spotvmr.retrieval.cache.video_cache import VideoCache
from spotvmr.system.malloc_trim import trim_heap
from spotvmr.types import ClipGrid
from spotvmr.video import Frames, VideoInfo, iter_keyframes, stream_clips

_BATCH_BYTES = 48 << 20
"""Maximum bytes of decoded frames in memory, for any resolution."""


@dataclass(frozen=True)
class IndexFrames:
    """The index frames of a video.

    Attributes:
        times_s: Times (n,) in seconds, ascending; n is at least 1.
        features: Features (n, D_s), fp16.
    """

    times_s: NDArray[np.float64]
    features: NDArray[np.float16]


@dataclass(frozen=True)
class IndexPass:
    """Settings of an index pass.

    Attributes:
        encoder: The index encoder.
        key: Digest of the settings of the encoder.
        device: Device of the encoder.
        batch: Maximum number of frames in a batch.
        backend: The setting ``video.backend``.
        every_s: Seconds between index frames of a full decode; None reads key frames only.
    """

    encoder: ClipEncoder
    key: str
    device: str
    batch: int
    backend: str
    every_s: float | None = None

    def run(self, info: VideoInfo, video: str, cache: VideoCache, ledger: Ledger, progress: bool) -> IndexFrames:
        """Index a video, or load its index from the cache; an interrupted pass is resumed.

        Args:
            info: The video.
            video: Content hash of the video.
            cache: Cache of the index.
            ledger: Receives seconds and frames.
            progress: Whether stderr shows the progress.

        Returns:
            All index frames. A video without key frames is read at one frame a second.
        """
        key = self.key if self.every_s is None else f"{self.key}/{self.every_s:g}s"
        dim = self.encoder.spec.dim
        if not (kept := cache.index(video, key, dim))[2]:
            with cache.indexing(video):
                kept = cache.index(video, key, dim)
                if not kept[2]:
                    kept = self._resume(info, video, key, cache, ledger, progress, kept)
        if not len(kept[0]):
            second = replace(self, every_s=1.0)
            return second.run(info, video, cache, ledger, progress)
        return IndexFrames(kept[0], kept[1])

    def _resume(
        self,
        info: VideoInfo,
        video: str,
        key: str,
        cache: VideoCache,
        ledger: Ledger,
        progress: bool,
        kept: tuple[NDArray[np.float64], NDArray[np.float16], bool],
    ) -> tuple[NDArray[np.float64], NDArray[np.float16], bool]:
        """Encode the frames after those in the cache."""
        times, features = [kept[0]], [kept[1]]
        first, after_s = len(kept[0]), float(kept[0][-1]) if len(kept[0]) else None
        frames = self._frames(info, after_s)
        size = max(1, min(self.batch, _BATCH_BYTES // (info.width * info.height * 3)))
        with _bar(info.duration_s, progress) as bar:
            while True:
                with ledger.stage("decode"):
                    batch = list(islice(frames, size))
                if not batch:
                    break
                ledger.add("decode", frames=len(batch))
                with ledger.stage("index"):
                    pixels = torch.from_numpy(np.stack([one.pixels for one in batch]))
                    rows = encode_clips(self.encoder, pixels, self.device).astype(np.float16)
                times.append(np.concatenate([one.times_s for one in batch]))
                features.append(rows)
                cache.add_index(video, key, first, times[-1], rows)
                first += len(rows)
                bar.update(bar.task_ids[0], completed=float(times[-1][-1]))
        cache.finish_index(video, key, first)
        trim_heap()
        return np.concatenate(times), np.concatenate(features), True

    def _frames(self, info: VideoInfo, after_s: float | None) -> Iterator[Frames]:
        """Index frames after a time."""
        if self.every_s is None:
            yield from iter_keyframes(info.path, after_s=after_s, backend=self.backend)
            return
        grid = ClipGrid(info.duration_s, self.every_s)
        for clip, frames in stream_clips(info.path, grid, 1, backend=self.backend):
            middle_s = (clip + 0.5) * self.every_s
            if after_s is None or middle_s > after_s + 1e-6:
                # The requested time, not the time of the frame: frames of slow videos repeat, and times must ascend.
                yield Frames(frames.pixels, np.asarray([middle_s]))


def _bar(duration_s: float, show: bool) -> Progress:
    """A progress bar over a video's length, with the rate and the remaining time."""
    bar = Progress(
        TextColumn("indexing"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        _Rate(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not show,
        transient=True,
    )
    bar.add_task("indexing", total=duration_s)
    return bar


class _Rate(ProgressColumn):
    """Seconds of video indexed in a second."""

    def render(self, task: Task) -> Text:
        """The rate, when it is known."""
        return Text(f"{task.speed:.0f}x real time" if task.speed else "")
