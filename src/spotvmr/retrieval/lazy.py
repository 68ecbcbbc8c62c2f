"""The expert source of retrieval: it computes features of the selected clips only."""

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
from spotvmr.retrieval.decoding import ClipDecoder, ClipRequest, DecodedClips
from spotvmr.system.malloc_trim import trim_heap
from spotvmr.types import ClipGrid
from spotvmr.video import VideoInfo

Reindexing = Callable[[NDArray[np.int64]], NDArray[np.int64]]
"""From the clips that are decoded (k,) to the clips that get new index features (m,)."""


class LazyFeatures:
    """Decodes and encodes clips on demand, each once; later queries and later processes reuse them.

    Args:
        info: The video.
        grid: Its clips.
        context: Encoders and cache.
        video: Content hash of the video.
    """

    def __init__(self, info: VideoInfo, grid: ClipGrid, context: RetrievalContext, video: str) -> None:
        self._context, self._video = context, video
        frames, batch = context.expert.spec.frames, context.expert_batch
        self._decoder = ClipDecoder(info, grid, frames, batch, context.video_backend)
        self.expert = ClipRows(grid.n_clips, context.expert.spec.dim, video, context.expert_key, context.cache)
        self.index = ClipRows(grid.n_clips, context.index.spec.dim, video, f"{context.index_key}/middle", context.cache)

    def provide(self, clips: NDArray[np.int64], index_clips: NDArray[np.int64], ledger: Ledger) -> int:
        """Compute the features that are missing, in one pass over the file.

        Args:
            clips: Clips that need expert features.
            index_clips: Clips that need index features of the frame at their middle.
            ledger: Receives seconds, frames and clips.

        Returns:
            The number of clips whose index features were computed.
        """
        expert, index = self.expert.missing(clips.tolist()), self.index.missing(index_clips.tolist())
        if not expert | index:
            return 0
        batches = self._decoder.read([ClipRequest(clip, clip in expert, clip in index) for clip in expert | index])
        decode_s, frames, before = 0.0, 0, ledger.stages()["expert"]["seconds"]
        while True:
            with ledger.stage("decode"):
                batch = next(batches, None)
            if batch is None:
                break
            ledger.add("decode", frames=batch.frames)
            frames, decode_s = frames + batch.frames, decode_s + batch.cpu_s
            self._encode(batch, ledger)
        trim_heap()
        spent_s = ledger.stages()["expert"]["seconds"] - before
        self._context.cache.add_timings(
            self._video, self._context.expert_key, ClipTimings(frames, decode_s, len(expert), spent_s)
        )
        return len(index)

    def _encode(self, batch: DecodedClips, ledger: Ledger) -> None:
        """Encode the frames of a batch."""
        context = self._context
        if batch.clips:
            with ledger.stage("expert", clips=len(batch.clips)):
                rows = encode_clips(context.expert, torch.from_numpy(batch.pixels), context.device)
                self.expert.put(batch.clips, rows)
        if batch.index_clips:
            with ledger.stage("index"):
                rows = encode_clips(context.index, torch.from_numpy(batch.index_pixels), context.device)
                self.index.put(batch.index_clips, rows)


class LazySource:
    """The expert source of one query. It also improves the index that the query reads.

    An index feature comes from the key frame nearest to the clip, which often lies outside it. Decoded clips, and the
    clips around them, get the index feature of their own middle frame. The spotter's next step and the VMR model
    read it.

    Args:
        features: Features of the video.
        ledger: Receives seconds, frames and clips.
        index: Index features (1, T, D_s) of this query; changed in place.
        reindexing: From the decoded clips (k,) to the clips that get new index features (m,).

    Attributes:
        reindexed: Number of clips whose index features were computed for this query.
    """

    def __init__(self, features: LazyFeatures, ledger: Ledger, index: Tensor, reindexing: Reindexing) -> None:
        self._features, self._ledger, self._index, self._reindexing = features, ledger, index, reindexing
        self.reindexed = 0

    def fetch(self, clips: Tensor) -> Tensor:
        """Expert features (B, T, D_f) of the clips whose weight (B, T) is not zero, times it; zeros elsewhere."""
        wanted = (clips != 0).any(0).nonzero().flatten()
        out = clips.new_zeros(*clips.shape, self._features.expert.dim)
        if len(wanted):
            around = self._reindexing(wanted.numpy())
            self.reindexed += self._features.provide(wanted.numpy(), around, self._ledger)
            out[:, wanted] = self._features.expert.read(wanted.numpy()) * clips[:, wanted, None]
            self._index[:, torch.from_numpy(around)] = self._features.index.read(around)
        return out
