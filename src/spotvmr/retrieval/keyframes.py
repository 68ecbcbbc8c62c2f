"""Maps index frames, which are at the key frames of a video, to the clip grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spotvmr.types import ClipGrid

GROUPS = 2.0
"""Groups of pictures to both sides of a decoded clip that get new index features (``experiments/retrieval``)."""
REACH_S = 8.0
"""Limit of this distance in seconds: groups of pictures may last for minutes."""


def nearest_frames(times_s: NDArray[np.float64], grid: ClipGrid) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The index frame of each clip: the one nearest in time to its middle.

    Args:
        times_s: Times of the index frames (n,) in seconds, ascending, n at least 1.
        grid: The clips.

    Returns:
        Number of the frame (T,), the earlier one of two at equal distance, and its distance in seconds (T,).

    Example:
        >>> numbers, distance_s = nearest_frames(np.array([0.0, 4.0]), ClipGrid(5.0, 1.0))
        >>> numbers.tolist(), distance_s.tolist()
        ([0, 0, 1, 1, 1], [0.5, 1.5, 1.5, 0.5, 0.5])
    """
    middles_s = (np.arange(grid.n_clips) + 0.5) * grid.clip_s
    after = np.searchsorted(times_s, middles_s).clip(max=len(times_s) - 1)
    before = np.maximum(after - 1, 0)
    # Containers round times: a difference of less than 1 µs counts as equal.
    earlier = np.abs(times_s[before] - middles_s) <= np.abs(times_s[after] - middles_s) + 1e-6
    numbers = np.where(earlier, before, after).astype(np.int64)
    return numbers, np.abs(times_s[numbers] - middles_s)


def clips_to_reindex(chosen: NDArray[np.int64], times_s: NDArray[np.float64], grid: ClipGrid) -> NDArray[np.int64]:
    """Clips that get index features of their own middle frame when other clips are decoded.

    These are the decoded clips and, where key frames are rarer than clips, the clips up to two groups of pictures away:
    decoding passes many of their frames anyway.

    Args:
        chosen: The decoded clips (k,), ascending, k at least 1.
        times_s: Times of the key frames (n,) in seconds, ascending, n at least 1.
        grid: The clips.

    Returns:
        Clips (m,), ascending, including the decoded ones.

    Example:
        >>> clips_to_reindex(np.array([5]), np.arange(0.0, 12.0, 2.0), ClipGrid(12.0, 1.0)).tolist()
        [1, 2, 3, 4, 5, 6, 7, 8, 9]
    """
    middles_s = (np.arange(grid.n_clips) + 0.5) * grid.clip_s
    group = (np.searchsorted(times_s, middles_s, side="right") - 1).clip(min=0)
    length_s = np.diff(times_s, append=max(grid.duration_s, times_s[-1]))[group]
    away_s = nearest_frames(middles_s[chosen].astype(np.float64), grid)[1]
    around = (length_s > 1.5 * grid.clip_s) & (away_s <= np.minimum(GROUPS * length_s, REACH_S) + 1e-6)
    return np.flatnonzero(around | (away_s == 0)).astype(np.int64)
