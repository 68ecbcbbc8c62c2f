"""The index pass: key frames alone, encoded as they come, kept chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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
from spotvmr.system.malloc_trim import return_freed_memory
from spotvmr.types import ClipGrid
from spotvmr.video import Frames, VideoInfo, iter_keyframes, stream_clips

_BATCH_BYTES = 48 << 20
"""Decoded frames held at once; bounds memory whatever the resolution."""


@dataclass(frozen=True)
class IndexFrames:
    """The frames of a video that the index encoder saw.

    Attributes:
        times_s: Their times (n,) in seconds, rising; n is at least 1.
        features: Their features (n, D_s), fp16.
    """

    times_s: NDArray[np.float64]
    features: NDArray[np.float16]


@dataclass(frozen=True)
class IndexPass:
    """How to index a video.

    Attributes:
        encoder: The index encoder.
        key: Digest of the encoder's settings.
        device: Where it runs.
        batch: Frames encoded at once, at most.
        every_s: Seconds from frame to frame of a full decode; None reads key frames alone.
    """

    encoder: ClipEncoder
    key: str
    device: str
    batch: int
    every_s: float | None = None

    def run(self, info: VideoInfo, video: str, cache: VideoCache, ledger: Ledger, progress: bool) -> IndexFrames:
        """Index a video, or find its index in the cache; an interrupted pass goes on where it stopped.

        Args:
            info: The video.
            video: Its content hash.
            cache: Where the index is kept.
            ledger: Charged for the frames decoded and encoded here.
            progress: Whether to show on stderr how far it is.

        Returns:
            All index frames; a video without a key frame is read at one frame a second.
        """
        key = self.key if self.every_s is None else f"{self.key}/{self.every_s:g}s"
        dim = self.encoder.spec.dim
        if not (kept := cache.index(video, key, dim))[2]:
            with cache.indexing(video):
                kept = cache.index(video, key, dim)
                if not kept[2]:
                    kept = self._go_on(info, video, key, cache, ledger, progress, kept)
        if not len(kept[0]):
            second = IndexPass(self.encoder, self.key, self.device, self.batch, 1.0)
            return second.run(info, video, cache, ledger, progress)
        return IndexFrames(kept[0], kept[1])

    def _go_on(
        self,
        info: VideoInfo,
        video: str,
        key: str,
        cache: VideoCache,
        ledger: Ledger,
        progress: bool,
        kept: tuple[NDArray[np.float64], NDArray[np.float16], bool],
    ) -> tuple[NDArray[np.float64], NDArray[np.float16], bool]:
        """Encode what comes after the frames that are kept."""
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
        return_freed_memory()
        return np.concatenate(times), np.concatenate(features), True

    def _frames(self, info: VideoInfo, after_s: float | None) -> Iterator[Frames]:
        """Index frames shown later than a time."""
        if self.every_s is None:
            yield from iter_keyframes(info.path, after_s=after_s)
            return
        grid = ClipGrid(info.duration_s, self.every_s)
        for clip, frames in stream_clips(info.path, grid, 1):
            middle_s = (clip + 0.5) * self.every_s
            if after_s is None or middle_s > after_s + 1e-6:
                # The time that was asked for: frames of slow videos repeat, and times here must rise.
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
    """Seconds of video that pass in a second."""

    def render(self, task: Task) -> Text:
        """The rate, once there is one."""
        return Text(f"{task.speed:.0f}x real time" if task.speed else "")
