"""A process that writes clips to a cache: ``cache_process.py FOLDER COUNT``, two clips a transaction."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from spotvmr.retrieval.cache.video_cache import VideoCache

DIM = 8

if __name__ == "__main__":
    cache = VideoCache(Path(sys.argv[1]))
    for clip in range(0, int(sys.argv[2]), 2):
        features = np.full(DIM, clip % 100, np.float16)
        cache.add_clips("v", "k", {clip: features, clip + 1: features})
        print(clip, flush=True)
