"""Settings of the generated world, and its random number generators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spotvmr.errors import UserError

VERSION = 3
"""Incremented whenever the same settings give another world."""

SPLITS = ("train", "val", "test", "pool")
"""Splits by video; ``pool`` is only for the pre-training of encoders."""


@dataclass(frozen=True)
class WorldSettings:
    """All settings that determine a world.

    Attributes:
        seed: Seed of all random choices.
        minutes: Length of one video.
        train_videos: Videos of the training split.
        val_videos: Videos of the validation split.
        test_videos: Videos of the test split; the only one with unseen object-action pairs.
        pool_videos: Videos for pre-training encoders.
        queries_per_video: Maximum number; each query has exactly one ground-truth moment in its video.
        train_queries_per_video: The same for the training split and the pool.
        width: Pixels, even, at least 160.
        height: Pixels, even, at least 90.
        fps: Frames a second, at least 8: shaking repeats at 3 Hz.
        keyframe_s: Seconds between key frames.
        hot_pool: Number of objects that get actions in a video. With fewer objects, finding the object helps less to
            find the moment. Videos longer than 8 minutes get proportionally more, otherwise no pair would be unique.
    """

    seed: int = 7
    minutes: float = 8.0
    train_videos: int = 60
    val_videos: int = 20
    test_videos: int = 40
    pool_videos: int = 0
    queries_per_video: int = 16
    train_queries_per_video: int = 32
    width: int = 160
    height: int = 90
    fps: int = 10
    keyframe_s: float = 1.0
    hot_pool: int = 14

    def __post_init__(self) -> None:
        """Refuse worlds that cannot be drawn or hold no event."""
        if self.width < 160 or self.height < 90 or self.width % 2 or self.height % 2:
            raise UserError(f"world of {self.width}x{self.height} pixels: at least 160x90, both even")
        if not 8 <= self.fps <= 60:
            raise UserError(f"world at fps={self.fps}: shaking at 3 Hz needs 8, and 60 is the most")
        if not 0.2 <= self.minutes <= 1440:
            raise UserError(f"world with minutes={self.minutes}: give 0.2 to 1440")
        if not 2 <= self.hot_pool <= 72:
            raise UserError(f"world with hot_pool={self.hot_pool}: give 2 to 72 objects")
        if self.keyframe_s <= 0 or self.seed < 0:
            raise UserError(f"world with keyframe_s={self.keyframe_s}, seed={self.seed}: neither may be below zero")
        if min(self.videos(split) for split in SPLITS) < 0 or sum(self.videos(split) for split in SPLITS) < 1:
            raise UserError("world without videos: one of train_videos, val_videos, test_videos must be above zero")
        if min(self.queries_per_video, self.train_queries_per_video) < 1:
            raise UserError("world without queries: queries_per_video and train_queries_per_video start at 1")

    @property
    def duration_s(self) -> float:
        """Length of a video in seconds, a whole number of tenths."""
        return round(self.minutes * 600) / 10

    @property
    def n_frames(self) -> int:
        """Frames of a video."""
        return round(self.duration_s * self.fps)

    @property
    def pixel(self) -> float:
        """Pixels in one unit of length: the layout has 160x90 units."""
        return min(self.spread)

    @property
    def spread(self) -> tuple[float, float]:
        """Pixels in one unit, horizontally and vertically; another aspect than 16:9 changes positions, not sizes."""
        return self.width / 160, self.height / 90

    def videos(self, split: str) -> int:
        """Number of videos of a split."""
        return int(getattr(self, f"{split}_videos"))

    def queries(self, split: str) -> int:
        """Maximum number of queries of a video of a split."""
        return self.train_queries_per_video if split in ("train", "pool") else self.queries_per_video


def rng_of(settings: WorldSettings, split: str, number: int, stream: int) -> np.random.Generator:
    """Random numbers of one video; separate streams keep story, appearance and wording independent."""
    return np.random.default_rng([settings.seed, SPLITS.index(split), number, stream])


def video_id_of(split: str, number: int) -> str:
    """``test_0007``."""
    return f"{split}_{number:04d}"
