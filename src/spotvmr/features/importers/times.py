"""Times of imported features, and their resampling to the clip grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError

_SHARE = 0.01
"""Tolerated relative error of the number of features: durations and frame rates are rounded (29.97 to 30)."""
_STRETCH = 3.0
"""Largest ratio of a file's rate and the declared rate, either way, with ``stretch``."""
# Of a clip. A centre at 0.999999 s through rounding belongs to the second clip of 1 s; two centres may be equally near.
_SLACK = 1e-6


@dataclass(frozen=True)
class FeatureTimes:
    """Feature i of a video covers its seconds ``[i / rate, i / rate + feature_s)``.

    Attributes:
        rate: Features a second of video, above zero.
        feature_s: Seconds of video that one feature saw, above zero.
        stretch: The true rate differs from video to video; the features of each video are uniform over its length.
    """

    rate: float
    feature_s: float
    stretch: bool = False

    def counts(self, duration_s: float) -> tuple[int, int]:
        """Minimum and maximum number of features of a video of this length, without tolerance.

        The least when only windows inside the video were kept, the most when the last one reaches past its end.

        Example:
            >>> FeatureTimes(rate=1.875, feature_s=32 / 30).counts(480.0)
            (899, 900)
        """
        if self.stretch:
            wanted = self.rate * duration_s
            return max(1, math.floor(wanted / _STRETCH)), math.ceil(wanted * _STRETCH)
        inside = math.floor((duration_s - self.feature_s) * self.rate + _SLACK) + 1
        most = max(1, math.ceil(duration_s * self.rate - _SLACK))
        return min(max(1, inside), most), most

    def check_count(self, count: int, duration_s: float, what: str, key: str, longer: bool = False) -> None:
        """Compare the features of a video with its length; one feature and 1 % more or fewer pass.

        Args:
            count: Features of the video.
            duration_s: Its length in seconds.
            what: Video and file, for the message.
            key: The setting that holds the declared times, such as ``index.imported``.
            longer: The features go on after ``duration_s``, nobody knows how far: any larger number passes.

        Raises:
            UserError: The video has far more or fewer; the message tells its likely rate.
        """
        least, most = self.counts(duration_s)
        slack = 1 + _SHARE * most
        if least - slack <= count and (longer or count <= most + slack):
            return
        wanted = str(most) if least == most else f"{least} to {most}"
        raise UserError(
            f"{what} has {count} features for {duration_s:g} s, but {self.rate:.4g} a second make {wanted}: the true "
            f"rate is about {count / duration_s:.4g} a second; set {key}.rate to it, or check the annotated durations"
        )

    def centres_s(self, count: int, duration_s: float) -> NDArray[np.float64]:
        """Middle of the time of each of ``count`` features (n,), in seconds."""
        numbers: NDArray[np.float64] = np.arange(count, dtype=np.float64)
        if self.stretch:
            return (numbers + 0.5) * (duration_s / count)
        return numbers / self.rate + self.feature_s / 2


def resample(
    features: NDArray[Any], centres_s: NDArray[np.float64], n_clips: int, clip_s: float
) -> NDArray[np.float32]:
    """Resample features to the clip grid.

    A clip gets the mean of the features whose centre lies in it. A clip without one gets the feature whose
    centre is nearest to its own, the earlier of two.

    Args:
        features: Features (n, D), n at least 1.
        centres_s: Their centres (n,) in seconds, rising.
        n_clips: Clips T of the video.
        clip_s: Length of a clip in seconds.

    Returns:
        One row a clip (T, D).

    Example:
        >>> resample(np.array([[1.0], [3.0], [8.0]]), np.array([0.25, 0.75, 1.25]), 3, 1.0).tolist()
        [[2.0], [8.0], [8.0]]
    """
    clip_of = np.floor(centres_s / clip_s + _SLACK).astype(np.int64)
    edges = np.searchsorted(clip_of, np.arange(n_clips + 1))
    counts = np.diff(edges)
    filled = counts > 0
    out = np.empty((n_clips, features.shape[1]), dtype=np.float32)
    if filled.any():
        inside = features[: edges[-1]].astype(np.float32, copy=False)
        sums = np.add.reduceat(inside, edges[:-1][filled], axis=0)
        out[filled] = sums / counts[filled, None]
    middles = (np.flatnonzero(~filled) + 0.5) * clip_s
    after = np.searchsorted(centres_s, middles).clip(0, len(centres_s) - 1)
    before = (after - 1).clip(0)
    farther = (middles - centres_s[before]) - (centres_s[after] - middles)
    nearest = np.where(farther <= _SLACK * clip_s, before, after)
    out[~filled] = features[nearest]
    return out
