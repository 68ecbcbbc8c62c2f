"""The expert source of retrieval: features come into being where the selector points, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spotvmr.assembly import encode_clips
from spotvmr.cost import Ledger
from spotvmr.retrieval.cache.clip_rows import ClipRows
from spotvmr.retrieval.cache.video_cache import ClipTimings
from spotvmr.retrieval.context import RetrievalContext
from spotvmr.retrieval.decoding import ClipDecoder, DecodedClips, Look
from spotvmr.system.malloc_trim import return_freed_memory
from spotvmr.types import ClipGrid
from spotvmr.video import VideoInfo

Opened = Callable[[NDArray[np.int64]], NDArray[np.int64]]


class LazyFeatures:
    """Decodes and encodes clips on demand, each once: later queries, and later processes by the cache, share them.

    Args:
        info: The video.
        grid: Its clips.
        context: Encoders and cache.
        video: Content hash of the video.
    """

    def __init__(self, info: VideoInfo, grid: ClipGrid, context: RetrievalContext, video: str) -> None:
        self._context, self._video = context, video
        self._decoder = ClipDecoder(info, grid, context.expert.spec.frames, context.expert_batch)
        self.expert = ClipRows(grid.n_clips, context.expert.spec.dim, video, context.expert_key, context.cache)
        self.index = ClipRows(grid.n_clips, context.index.spec.dim, video, f"{context.index_key}/middle", context.cache)

    def provide(self, clips: NDArray[np.int64], index_clips: NDArray[np.int64], ledger: Ledger) -> None:
        """See to it that features are in memory, in one pass over the file.

        Args:
            clips: Clips whose expert features are wanted.
            index_clips: Clips whose index features are wanted, of the frame at their middle.
            ledger: Charged for what is decoded and encoded.
        """
        expert, index = self.expert.missing(clips.tolist()), self.index.missing(index_clips.tolist())
        if not expert | index:
            return
        batches = self._decoder.read([Look(clip, clip in expert, clip in index) for clip in expert | index])
        decode_s, frames, before = 0.0, 0, ledger.stages()["expert"]["seconds"]
        while True:
            with ledger.stage("decode"):
                batch = next(batches, None)
            if batch is None:
                break
            ledger.add("decode", frames=batch.frames)
            frames, decode_s = frames + batch.frames, decode_s + batch.cpu_s
            self._encode(batch, ledger)
        return_freed_memory()
        spent_s = ledger.stages()["expert"]["seconds"] - before
        self._context.cache.add_timings(
            self._video, self._context.expert_key, ClipTimings(frames, decode_s, len(expert), spent_s)
        )

    def _encode(self, batch: DecodedClips, ledger: Ledger) -> None:
        """Encode the frames of a batch."""
        context = self._context
        if batch.clips:
            with ledger.stage("expert", clips=len(batch.clips)):
                rows = encode_clips(context.expert, torch.from_numpy(batch.pixels), context.device)
                self.expert.put(batch.clips, rows)
        if batch.index_clips:
            with ledger.stage("index", gflops=context.costs.index * len(batch.index_clips)):
                rows = encode_clips(context.index, torch.from_numpy(batch.index_pixels), context.device)
                self.index.put(batch.index_clips, rows)


class LazySource:
    """The source of one query, which also mends the index that the query is answered from.

    The index of key frames is that of another moment than a clip's middle, often outside the clip. The clips that the
    expert looks at, and those around them, get that of their middle, which the next preview and the VMR model read.

    Args:
        features: Of the video.
        ledger: Charged for what is decoded and encoded.
        index: Index features (1, T, D_s) of this query; written to.
        opened: From the clips that are decoded (k,) to those whose index is mended (m,).
    """

    def __init__(self, features: LazyFeatures, ledger: Ledger, index: Tensor, opened: Opened) -> None:
        self._features, self._ledger, self._index, self._opened = features, ledger, index, opened

    def fetch(self, clips: Tensor) -> Tensor:
        """Expert features (B, T, D_f) of the clips whose weight (B, T) is not zero, times it; zeros elsewhere."""
        wanted = (clips != 0).any(0).nonzero().flatten()
        out = clips.new_zeros(*clips.shape, self._features.expert.dim)
        if len(wanted):
            opened = self._opened(wanted.numpy())
            self._features.provide(wanted.numpy(), opened, self._ledger)
            out[:, wanted] = self._features.expert.read(wanted.numpy()) * clips[:, wanted, None]
            self._index[:, torch.from_numpy(opened)] = self._features.index.read(opened)
        return out
