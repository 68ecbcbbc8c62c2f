"""Frames with their times, and the one rule for which frame is shown at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spotvmr.types.grid import ClipGrid

# Containers round presentation times (Matroska to whole milliseconds), callers compute i / fps in floats:
# a frame due up to 1 ms after the requested time counts as shown. Far below a frame's length at any real rate.
DISPLAY_SLACK_S = 1e-3


@dataclass(frozen=True, slots=True)
class Frames:
    """Decoded frames and the times they really have.

    Attributes:
        pixels: (N, H, W, 3) uint8, rgb, upright.
        times_s: (N,) float64, presentation times in seconds; the first displayed frame of the video has 0.0.
    """

    pixels: NDArray[np.uint8]
    times_s: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse pixels and times that do not belong together."""
        if self.pixels.ndim != 4 or self.pixels.shape[3] != 3 or self.times_s.shape != self.pixels.shape[:1]:
            raise ValueError(f"pixels {self.pixels.shape} must be (N, H, W, 3) and times_s {self.times_s.shape} (N,)")

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.times_s)


def shown_at(times_s: NDArray[np.float64], shown_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the frame on display at each requested time.

    Args:
        times_s: (N,) seconds, any order.
        shown_s: (M,) presentation times in seconds, rising, M >= 1.

    Returns:
        (N,) the latest frame due by each time (within 1 ms); before the first frame 0, past the end M - 1.
    """
    latest = np.searchsorted(shown_s, times_s + DISPLAY_SLACK_S, side="right") - 1
    return np.clip(latest, 0, len(shown_s) - 1).astype(np.int64)


def clip_times(grid: ClipGrid, clip: int, frames: int) -> list[float]:
    """Times at equal distances in a clip: the middles of `frames` equal parts of it.

    The last clip is taken at its full length, so that frames keep their spacing;
    its times past the end of the video give the last frame.

    Args:
        grid: The clips of the video.
        clip: Clip number, 0 to grid.n_clips - 1.
        frames: Number of times, at least one.

    Returns:
        `frames` times in seconds, rising.

    Raises:
        ValueError: No such clip, or fewer than one frame.
    """
    if not 0 <= clip < grid.n_clips:
        raise ValueError(f"clip {clip} is outside the grid of {grid.n_clips} clips")
    if frames < 1:
        raise ValueError(f"a clip needs at least one frame, got {frames}")
    return [(clip + (part + 0.5) / frames) * grid.clip_s for part in range(frames)]
