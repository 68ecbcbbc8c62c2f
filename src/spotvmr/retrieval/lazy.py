"""The expert source of retrieval: features come into being where the selector points, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from spotvmr.assembly import encode_clips
from spotvmr.cost import Ledger
from spotvmr.encoders import ClipEncoder
from spotvmr.retrieval.cache import Rates, VideoCache
from spotvmr.retrieval.decoding import ClipDecoder
from spotvmr.retrieval.freed import return_freed_memory


class LazyExpert:
    """Decodes and encodes clips on demand, each once: later queries, and later processes by the cache, share them.

    Features are rounded to fp16 as in a feature store, so that both ways answer alike.

    Args:
        decoder: Reads clips of the video.
        encoder: The expert encoder.
        device: Where it runs.
        n_clips: Clips of the video, T.
        video: Content hash of the video.
        key: Digest of the encoder's settings.
        cache: Where features are kept.
    """

    def __init__(
        self,
        decoder: ClipDecoder,
        encoder: ClipEncoder,
        device: str,
        n_clips: int,
        video: str,
        key: str,
        cache: VideoCache,
    ) -> None:
        self._decoder, self._encoder, self._device = decoder, encoder, device
        self._video, self._key, self._cache = video, key, cache
        # Zeroed pages take no memory until a clip is written to them.
        self._features = np.zeros((n_clips, encoder.spec.dim), np.float16)
        self._known = np.zeros(n_clips, np.bool_)
        self.ledger = Ledger()

    def fetch(self, clips: Tensor) -> Tensor:
        """Expert features (B, T, D_f) of the clips whose weight (B, T) is not zero, times it; zeros elsewhere."""
        wanted = (clips != 0).any(0).nonzero().flatten()
        out = clips.new_zeros(*clips.shape, self._features.shape[1])
        if len(wanted):
            self._provide(wanted.tolist())
            rows = torch.from_numpy(self._features[wanted.numpy()].astype(np.float32))
            out[:, wanted] = rows * clips[:, wanted, None]
        return out

    def _provide(self, clips: Sequence[int]) -> None:
        """See to it that features of clips are in memory."""
        missing = [clip for clip in clips if not self._known[clip]]
        if not missing:
            return
        for clip, row in self._cache.clips(self._video, self._key, missing, self._features.shape[1]).items():
            self._features[clip], self._known[clip] = row, True
        missing = [clip for clip in missing if not self._known[clip]]
        if missing:
            self._compute(missing)

    def _compute(self, clips: Sequence[int]) -> None:
        """Decode and encode clips."""
        batches, decode_s, frames = self._decoder.read(clips), 0.0, 0
        before = self.ledger.stages()["expert"]["seconds"]
        while True:
            with self.ledger.stage("decode"):
                batch = next(batches, None)
            if batch is None:
                break
            self.ledger.add("decode", frames=batch.frames)
            frames, decode_s = frames + batch.frames, decode_s + batch.cpu_s
            with self.ledger.stage("expert", clips=len(batch.clips)):
                rows = encode_clips(self._encoder, torch.from_numpy(batch.pixels), self._device).astype(np.float16)
                self._features[list(batch.clips)], self._known[list(batch.clips)] = rows, True
            self._cache.add_clips(self._video, self._key, dict(zip(batch.clips, rows, strict=True)))
        return_freed_memory()
        spent_s = self.ledger.stages()["expert"]["seconds"] - before
        self._cache.add_rates(self._video, self._key, Rates(frames, decode_s, len(clips), spent_s))
