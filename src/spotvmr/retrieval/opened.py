"""Opening a video file: facts, clip grid and index of the content that it has now."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spotvmr.cost import Ledger
from spotvmr.errors import UserError
from spotvmr.retrieval.cache.identity import content_hash, is_unchanged, stamp
from spotvmr.retrieval.context import RetrievalContext
from spotvmr.retrieval.indexing import IndexPass
from spotvmr.retrieval.keyframes import clips_to_reindex, nearest_frames
from spotvmr.retrieval.lazy import LazyFeatures, Reindexing
from spotvmr.types import ClipGrid
from spotvmr.video import VideoInfo, probe

log = logging.getLogger(__name__)

# With a key frame a clip the mean distance is 0.5 clips; at 1.0 recall falls (``experiments/retrieval``).
_FAR_CLIPS = 0.75
_LATE_S = 0.5  # sound that begins a little earlier is usual
_CUT_OFF_S = 1.0  # containers round their length: only a larger gap means that the file is cut off


@dataclass(frozen=True)
class OpenedVideo:
    """One content of a video file with its index; never changed after it is built.

    Attributes:
        stamp: Size, time of change and inode of the file before it was read.
        content: Hash of the content.
        info: Facts of the file.
        grid: Its clips.
        readable_share: Readable length divided by the length that the header states.
        index_stages: Cost of the index pass by stage; zeros when the cache had the index.
        index_distance_s: Distance (T,) in seconds from the middle of each clip to its index frame.
        index: Index features (1, T, D_s).
        features: Expert features, computed on demand.
        reindexing: Which clips get new index features when some clips are decoded.
    """

    stamp: tuple[int, int, int] | None
    content: str
    info: VideoInfo
    grid: ClipGrid
    readable_share: float
    index_stages: Mapping[str, Mapping[str, float]]
    index_distance_s: NDArray[np.float64]
    index: Tensor
    features: LazyFeatures
    reindexing: Reindexing


def open_video(path: Path, context: RetrievalContext, every_s: float | None, progress: bool) -> OpenedVideo:
    """Read the facts of a file and index it, or load its index from the cache.

    Args:
        path: The file.
        context: Networks, cache and settings.
        every_s: Seconds between index frames of a full decode; None reads key frames only.
        progress: Whether stderr shows the progress of the index pass.

    Raises:
        UserError: The file is absent, a folder, no video, holds no readable frame, or changes during the index pass.
    """
    before = stamp(path) if path.exists() else None  # an absent file gets the message of ``probe``
    info = probe(path)
    grid, content = ClipGrid(info.duration_s, context.clip_s), content_hash(path)
    context.cache.touch(content)
    ledger = Ledger(context.device)
    index_pass = IndexPass(
        context.index, context.index_key, context.device, context.index_batch, context.video_backend, every_s
    )
    frames = index_pass.run(info, content, context.cache, ledger, progress)
    if not is_unchanged(path, before, content):
        context.cache.forget(content)
        raise UserError(f"{path} changed while it was indexed: wait until it is written completely, then repeat")
    if ledger.seconds:
        ledger.add("index", gflops=context.costs.index * ledger.stages()["decode"]["frames"])
    numbers, distance_s = nearest_frames(frames.times_s, grid)
    if distance_s.mean() > _FAR_CLIPS * context.clip_s:
        log.info("%s has few key frames: every_s=1 would index more, by decoding all of it", path)
    return OpenedVideo(
        stamp=before,
        content=content,
        info=info,
        grid=grid,
        readable_share=_readable_share(path, info),
        index_stages=ledger.stages(),
        index_distance_s=distance_s,
        index=torch.from_numpy(frames.features[numbers].astype(np.float32))[None],
        features=LazyFeatures(info, grid, context, content),
        reindexing=_no_clips if every_s is not None else partial(clips_to_reindex, times_s=frames.times_s, grid=grid),
    )


def _no_clips(chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Re-index nothing: with ``every_s`` the index already has the rate that the user set."""
    return chosen[:0]


def _readable_share(path: Path, info: VideoInfo) -> float:
    """Readable length divided by stated length; 1 where rounding explains the difference."""
    if info.late_s > _LATE_S:
        log.warning("%s: pictures begin %.1f s after the start; add this to all times in a player", path, info.late_s)
    end_s = info.duration_s + max(0.0, info.origin_s)
    if info.stated_s <= end_s + _CUT_OFF_S:
        return 1.0
    log.warning("%s is cut off: %.1f of its %.1f s can be read", path, info.duration_s, info.stated_s)
    return info.duration_s / info.stated_s
