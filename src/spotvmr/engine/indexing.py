"""Indexing and extraction: one decode of each video feeds both encoders, results go to the stores."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from spotvmr.assembly import FeatureSource, encode_clips, spec_key
from spotvmr.encoders import ClipEncoder
from spotvmr.errors import UserError
from spotvmr.features import FeatureStore, StoreKey, StoreWriter
from spotvmr.features.importers import ImportedFeatures
from spotvmr.types import ClipGrid
from spotvmr.types.files import write_text_atomic
from spotvmr.video import probe, stream_clips

_CHUNK_BYTES = 48 << 20
"""Decoded frames handed over at once; bounds memory whatever the resolution."""


@dataclass(frozen=True)
class Chunk:
    """Consecutive clips of one video.

    Attributes:
        video_id: The video.
        duration_s: Its length.
        pixels: Frames (n, K, H, W, 3), uint8.
        decode_s: Seconds spent on decoding them.
        last: Whether the video ends here.
    """

    video_id: str
    duration_s: float
    pixels: Tensor
    decode_s: float
    last: bool


@dataclass(frozen=True)
class Failure:
    """A video that cannot be read; crosses from a worker as data, since a raised error arrives with its traceback."""

    message: str


class ClipStream(IterableDataset[Chunk | Failure]):
    """Decoded clips of many videos; workers share the videos among them.

    Args:
        videos: Path of each video.
        clip_s: Length of a clip in seconds.
        frames: Frames a clip, K.
        chunk_clips: Clips handed over at once, at most.
    """

    def __init__(self, videos: Mapping[str, Path], clip_s: float, frames: int, chunk_clips: int) -> None:
        self.videos, self.clip_s, self.frames, self.chunk_clips = videos, clip_s, frames, chunk_clips

    def __iter__(self) -> Iterator[Chunk | Failure]:
        """Go through this worker's videos; one that cannot be read becomes a ``Failure``."""
        info = torch.utils.data.get_worker_info()
        mine = slice(None) if info is None else slice(info.id, None, info.num_workers)
        for video_id in list(self.videos)[mine]:
            try:
                yield from self._video(video_id)
            except UserError as error:
                yield Failure(str(error))

    def _video(self, video_id: str) -> Iterator[Chunk]:
        """Decode one video once, in chunks."""
        info = probe(self.videos[video_id])
        grid = ClipGrid(info.duration_s, self.clip_s)
        size = max(1, min(self.chunk_clips, _CHUNK_BYTES // (self.frames * info.width * info.height * 3)))
        held: list[np.ndarray] = []
        began = time.perf_counter()
        for clip, frames in stream_clips(self.videos[video_id], grid, self.frames):
            held.append(frames.pixels)
            if len(held) == size or clip + 1 == grid.n_clips:
                pixels = torch.from_numpy(np.stack(held))
                spent = time.perf_counter() - began
                yield Chunk(video_id, info.duration_s, pixels, spent, clip + 1 == grid.n_clips)
                held, began = [], time.perf_counter()


def store_key(encoder: FeatureSource, clip_s: float) -> StoreKey:
    """What identifies the features of an encoder or of imported files."""
    if isinstance(encoder, ImportedFeatures):
        return encoder.store_key(clip_s)
    return spec_key(encoder.spec, clip_s)


def extract(
    videos: Mapping[str, Path], encoders: Mapping[Path, ClipEncoder], clip_s: float, batch_clips: int, device: str
) -> None:
    """Bring the stores up to date: encode every clip of the videos they lack.

    A killed call goes on where it stopped, video by video. Beside each store ``timing.json`` keeps
    the seconds and clips of each stage, for the ledger.

    Args:
        videos: Path of each video.
        encoders: Store folder of each encoder.
        clip_s: Length of a clip in seconds.
        batch_clips: Clips encoded at once.
        device: Where the encoders run.

    Raises:
        UserError: A store was made by another encoder, a video cannot be read, or the disk is full.
    """
    with ExitStack() as stack:
        writers = {
            path: stack.enter_context(StoreWriter(path, store_key(encoder, clip_s)))
            for path, encoder in encoders.items()
        }
        missing = {v: p for v, p in videos.items() if not all(w.done(v) for w in writers.values())}
        if missing:
            _extract_missing(missing, encoders, writers, clip_s, batch_clips, device)
        for writer in writers.values():
            writer.finish(list(videos))


def _extract_missing(
    videos: Mapping[str, Path],
    encoders: Mapping[Path, ClipEncoder],
    writers: Mapping[Path, StoreWriter],
    clip_s: float,
    batch_clips: int,
    device: str,
) -> None:
    """Encode videos and add each to its stores when it is whole."""
    frames = max(encoder.spec.frames for encoder in encoders.values())
    held: dict[Path, list[np.ndarray]] = {path: [] for path in encoders}
    encode_s = dict.fromkeys(encoders, 0.0)
    clips, decode_s = 0, 0.0
    for chunk in _chunks(ClipStream(videos, clip_s, frames, batch_clips)):
        clips += len(chunk.pixels)
        decode_s += chunk.decode_s
        for path, encoder in encoders.items():
            start = time.perf_counter()
            held[path].append(encode_clips(encoder, chunk.pixels, device))
            encode_s[path] += time.perf_counter() - start
            if chunk.last:
                features = np.concatenate(held[path])
                held[path] = []
                if not writers[path].done(chunk.video_id):
                    writers[path].add(chunk.video_id, features, chunk.duration_s)
    for path in encoders:
        timing = {"clips": clips, "frames_per_clip": frames, "decode_s": decode_s, "encode_s": encode_s[path]}
        write_text_atomic(path / "timing.json", json.dumps(timing))


def _chunks(stream: ClipStream) -> Iterator[Chunk]:
    """Decode ahead in one worker, video after video, and show how far it is.

    Raises:
        UserError: A video cannot be read.
    """
    with Progress(*Progress.get_default_columns(), "{task.fields[rate]}", console=Console(stderr=True)) as progress:
        bar = progress.add_task("indexing", total=len(stream.videos), rate="")
        began, clips = time.perf_counter(), 0
        for chunk in DataLoader(stream, batch_size=None, num_workers=1):
            if isinstance(chunk, Failure):
                raise UserError(chunk.message)
            yield chunk
            clips += len(chunk.pixels)
            rate = clips / (time.perf_counter() - began)
            progress.update(bar, advance=int(chunk.last), rate=f"{rate:.0f} clips/s")


def open_stores(paths: Sequence[Path], encoders: Sequence[FeatureSource], clip_s: float) -> list[FeatureStore]:
    """Open stores.

    Args:
        paths: Their folders.
        encoders: What each was filled from.
        clip_s: Length of a clip in seconds.

    Raises:
        UserError: There is no store, it is damaged, or another encoder made it.
    """
    return [FeatureStore.open(p, store_key(e, clip_s)) for p, e in zip(paths, encoders, strict=True)]
