"""Features of the clips of one video, in memory and in the cache."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spotvmr.retrieval.cache.video_cache import VideoCache


class ClipRows:
    """One feature vector a clip, for the clips that were computed.

    They are fp16 as in a feature store, so that search and evaluation give the same answers.

    Args:
        n_clips: Clips of the video, T.
        dim: Channels D.
        video: Content hash of the video.
        key: Digest of all settings that change the features.
        cache: Cache of features.

    Attributes:
        dim: Channels D.
    """

    def __init__(self, n_clips: int, dim: int, video: str, key: str, cache: VideoCache) -> None:
        self.dim = dim
        # Zeroed pages take no memory until a clip is written to them.
        self._features = np.zeros((n_clips, dim), np.float16)
        self._known = np.zeros(n_clips, np.bool_)
        self._video, self._key, self._cache = video, key, cache

    def missing(self, clips: Iterable[int]) -> set[int]:
        """The clips whose features are neither in memory nor in the cache."""
        unknown = [clip for clip in clips if not self._known[clip]]
        for clip, row in self._cache.clips(self._video, self._key, unknown, self.dim).items():
            self._features[clip], self._known[clip] = row, True
        return {clip for clip in unknown if not self._known[clip]}

    def put(self, clips: Sequence[int], rows: NDArray[np.float32]) -> None:
        """Store the features (n, D) of clips (n,), in memory and in the cache."""
        self._features[list(clips)], self._known[list(clips)] = rows, True
        self._cache.add_clips(self._video, self._key, {clip: self._features[clip] for clip in clips})

    def read(self, clips: NDArray[np.int64]) -> Tensor:
        """Features (n, D), float32, of clips (n,) that were computed."""
        return torch.from_numpy(self._features[clips].astype(np.float32))
