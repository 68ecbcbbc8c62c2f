"""From videos to features: one decode of each video feeds every encoder. The part that machines can share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from spotvmr.assembly import encode_clips
from spotvmr.encoders import ClipEncoder
from spotvmr.extraction.decoding import Chunk, Failure, decoded
from spotvmr.features import StoreWriter

_CHUNK_CLIPS = 64
"""Handing over costs about the same for few clips as for many."""


@dataclass(frozen=True)
class Recipe:
    """How videos become features.

    Attributes:
        encoders: Encoder of each store folder.
        clip_s: Length of a clip in seconds.
        batch_clips: Clips encoded at once.
        device: Where the encoders run.
        backend: The setting ``video.backend``.
    """

    encoders: Mapping[Path, ClipEncoder]
    clip_s: float
    batch_clips: int
    device: str
    backend: str = "auto"

    @property
    def frames(self) -> int:
        """Frames of each clip that are decoded: as many as the most demanding encoder wants."""
        return max(encoder.spec.frames for encoder in self.encoders.values())

    @property
    def chunk_clips(self) -> int:
        """Clips that a decoding process hands over at once: whole batches, about ``_CHUNK_CLIPS``."""
        return max(1, _CHUNK_CLIPS // self.batch_clips) * self.batch_clips


@dataclass
class Encoded:
    """The features of one whole video, and what they took.

    Attributes:
        video_id: The video.
        duration_s: Its length.
        features: Rows of each store folder (n, D).
        decode_s: Seconds of decoding.
        encode_s: Seconds of each encoder.
    """

    video_id: str
    duration_s: float
    features: dict[Path, np.ndarray]
    decode_s: float
    encode_s: dict[Path, float]


@dataclass(frozen=True)
class Indexed:
    """A video whose features are kept as parts beside its stores.

    Attributes:
        video_id: The video.
        clips: Number of its clips.
        decode_s: Seconds of decoding.
        encode_s: Seconds of each encoder, by store folder.
    """

    video_id: str
    clips: int
    decode_s: float
    encode_s: Mapping[Path, float]


Engine: TypeAlias = Callable[[Mapping[str, Path], Recipe, Mapping[Path, StoreWriter]], Iterator[Indexed | Failure]]
"""Takes videos and writers to the outcome of each video, in any order; an ``Indexed`` one is in its writers."""


@dataclass
class _Open:
    """A video whose chunks are still coming."""

    decode_s: float = 0.0
    rows: dict[Path, list[np.ndarray]] = field(default_factory=dict)
    encode_s: dict[Path, float] = field(default_factory=dict)


def encoded(chunks: Iterable[Chunk | Failure], recipe: Recipe) -> Iterator[Encoded | Failure]:
    """Encode chunks as they come; those of several videos may be mixed.

    Yields:
        Each video when it is whole, or why it cannot be read.
    """
    at_work: dict[str, _Open] = {}
    for chunk in chunks:
        if isinstance(chunk, Failure):
            at_work.pop(chunk.video_id, None)
            yield chunk
            continue
        if chunk.start == 0:  # also when a video begins again
            at_work[chunk.video_id] = _Open()
        video = at_work[chunk.video_id]
        video.decode_s += chunk.decode_s
        for path, encoder in recipe.encoders.items():
            began = time.perf_counter()
            batches = chunk.pixels.split(recipe.batch_clips)
            video.rows.setdefault(path, []).extend(encode_clips(encoder, batch, recipe.device) for batch in batches)
            video.encode_s[path] = video.encode_s.get(path, 0.0) + time.perf_counter() - began
        if chunk.last:
            del at_work[chunk.video_id]
            features = {path: np.concatenate(rows) for path, rows in video.rows.items()}
            yield Encoded(chunk.video_id, chunk.duration_s, features, video.decode_s, video.encode_s)


def noted(video: Encoded) -> Indexed:
    """What is left to say of a video when its features are kept."""
    clips = len(next(iter(video.features.values())))
    return Indexed(video.video_id, clips, video.decode_s, video.encode_s)


def on_this_machine(workers: int = 1) -> Engine:
    """An engine of so many decoding processes; the encoders stay in this one."""
    return partial(_here, workers)


def _here(
    workers: int, videos: Mapping[str, Path], recipe: Recipe, writers: Mapping[Path, StoreWriter]
) -> Iterator[Indexed | Failure]:
    """Decode in worker processes, encode and write in this one."""
    chunks = decoded(videos, recipe.clip_s, recipe.frames, recipe.chunk_clips, workers, recipe.backend)
    for video in encoded(chunks, recipe):
        if isinstance(video, Failure):
            yield video
            continue
        for path, features in video.features.items():
            if not writers[path].done(video.video_id):
                writers[path].add(video.video_id, features, video.duration_s)
        yield noted(video)
