"""The clip grid, which converts between seconds and clip numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

BORDER_SLACK = 1e-3
"""Share of a clip that counts as rounding: a video of 480.0000001 s has 480 clips of 1 s, not 481."""


@dataclass(frozen=True, slots=True)
class ClipGrid:
    """Clips ``[t * clip_s, (t + 1) * clip_s)`` for t = 0 … n_clips - 1.

    The last clip may reach past the end of the video by less than one clip.

    Attributes:
        duration_s: Length of the video in seconds, above zero and finite.
        clip_s: Length of a clip in seconds, above zero and finite.
    """

    duration_s: float
    clip_s: float

    def __post_init__(self) -> None:
        """Refuse grids without extent."""
        if not (0 < self.duration_s < math.inf and 0 < self.clip_s < math.inf):
            raise ValueError(
                f"a clip grid needs a positive duration_s and clip_s, got {self.duration_s} and {self.clip_s}"
            )

    @property
    def n_clips(self) -> int:
        """Number of clips, at least one."""
        return max(1, math.ceil(self.duration_s / self.clip_s - BORDER_SLACK))

    def bounds_s(self, clip: int) -> tuple[float, float]:
        """Start and end of a clip in seconds, cut at the end of the video."""
        start_s = clip * self.clip_s
        return start_s, max(start_s, min(start_s + self.clip_s, self.duration_s))

    def clips_of(self, start_s: float, end_s: float) -> range:
        """The clips that share time with ``[start_s, end_s)``; a zero-length span touches one."""
        first = min(max(int(start_s / self.clip_s + BORDER_SLACK), 0), self.n_clips - 1)
        last = math.ceil(end_s / self.clip_s - BORDER_SLACK) - 1
        return range(first, min(max(last, first), self.n_clips - 1) + 1)
