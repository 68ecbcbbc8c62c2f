"""From index frames, which lie where the video has key frames, to the clip grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spotvmr.types import ClipGrid


def nearest_frames(times_s: NDArray[np.float64], grid: ClipGrid) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The index frame that stands for each clip: the one nearest in time to its middle.

    Args:
        times_s: Times of the index frames (n,) in seconds, rising, n at least 1.
        grid: The clips.

    Returns:
        Number of the frame (T,), the earlier one of two that are as near, and its distance in seconds (T,).

    Example:
        >>> numbers, distance_s = nearest_frames(np.array([0.0, 4.0]), ClipGrid(5.0, 1.0))
        >>> numbers.tolist(), distance_s.tolist()
        ([0, 0, 1, 1, 1], [0.5, 1.5, 1.5, 0.5, 0.5])
    """
    middles_s = (np.arange(grid.n_clips) + 0.5) * grid.clip_s
    after = np.searchsorted(times_s, middles_s).clip(max=len(times_s) - 1)
    before = np.maximum(after - 1, 0)
    # Times are rounded by containers: a frame that is nearer by less than 1 µs is as near.
    earlier = np.abs(times_s[before] - middles_s) <= np.abs(times_s[after] - middles_s) + 1e-6
    numbers = np.where(earlier, before, after).astype(np.int64)
    return numbers, np.abs(times_s[numbers] - middles_s)
