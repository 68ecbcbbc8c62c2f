"""Settings of a haystack."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spotvmr.errors import UserError

VERSION = 1
"""Incremented whenever the same settings and clips give other videos."""

SPLITS = ("train", "val", "test")
SHARES = (0.6, 0.1, 0.3)
"""Share of each split in the clips, and in the videos when all splits are built."""
BORDERS = ("cut", "fade")
FADE_S = 1.0
"""Length of a cross-fade; clips shorter than two cross-fades get shorter ones."""
_LONGEST_MINUTES = 600.0


@dataclass(frozen=True)
class HaystackSettings:
    """Everything that determines a haystack, beside the clips.

    Attributes:
        clips: Folder of the source clips.
        captions: CSV file with the columns ``file`` (relative to ``clips``) and ``caption``.
        minutes: Length of one video.
        videos: Number of videos, over all splits.
        seed: Seed of splits and order. The split of a clip depends on the seed and the list of clips only.
        borders: "cut", or "fade" for cross-fades of ``FADE_S``.
        only: The only split to build; "" builds all.
        width: Pixels, even; clips of another aspect ratio get bars.
        height: Pixels, even. The default is the input size of most image encoders, so that none upscales.
        fps: Frames a second.
    """

    clips: Path
    captions: Path
    minutes: float = 10.0
    videos: int = 20
    seed: int = 0
    borders: str = "cut"
    only: str = ""
    width: int = 400
    height: int = 224
    fps: int = 10

    def __post_init__(self) -> None:
        """Refuse settings from which no video can be built."""
        if not self.clips.is_dir():
            raise UserError(f"no folder of clips at {self.clips}; name it with clips=FOLDER")
        if not 0.05 <= self.minutes <= _LONGEST_MINUTES:
            raise UserError(f"minutes={self.minutes:g} is out of its limits: give 0.05 to {_LONGEST_MINUTES:g} (10 h)")
        if self.videos < 1:
            raise UserError(f"videos={self.videos} is out of its limits: give 1 or more")
        if self.borders not in BORDERS:
            raise UserError(f"borders={self.borders} is unknown: choose from {', '.join(BORDERS)}")
        if self.only not in ("", *SPLITS):
            raise UserError(f"only={self.only} is unknown: choose from {', '.join(SPLITS)}")
        if min(self.width, self.height) < 16 or self.width % 2 or self.height % 2:
            raise UserError(f"videos of {self.width}x{self.height} pixels: give even numbers, 16 or more")
        if not 1 <= self.fps <= 120:
            raise UserError(f"fps={self.fps} is out of its limits: give 1 to 120")

    @property
    def n_frames(self) -> int:
        """Frames of a video."""
        return max(1, round(self.minutes * 60 * self.fps))

    @property
    def fade_frames(self) -> int:
        """Frames of a full cross-fade, even, so that its middle lies between two frames; 0 for cuts."""
        return 2 * max(1, round(FADE_S * self.fps / 2)) if self.borders == "fade" else 0

    def videos_of(self) -> dict[str, int]:
        """Videos of each split: one split for one video, train and test for two, else by ``SHARES``, at least one."""
        if self.only or self.videos == 1:
            return dict.fromkeys(SPLITS, 0) | {self.only or "test": self.videos}
        if self.videos == 2:
            return {"train": 1, "val": 0, "test": 1}
        val, test = (max(1, round(share * self.videos)) for share in SHARES[1:])
        return {"train": self.videos - val - test, "val": val, "test": test}
