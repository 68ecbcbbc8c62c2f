"""Moments without training: similarities of sentence and frames, and a rule that groups them.

Shapes: B queries, T clips, D_s channels of the index embedding, D_e of the expert embedding.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from spotvmr.models.protocol import VmrOutput
from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TextBatch

_SMOOTHING = (0.25, 0.5, 0.25)
_DROP = 0.5
"""A moment reaches as far as the score keeps this share of its peak's height above the median."""
_GAP = 1
"""Lower clips in a row that do not yet end a moment."""
_LEAST_SPREAD = 1e-6  # standard deviation below which all clips are alike


class ZeroShot(nn.Module):
    """A VMR model without weights, for embeddings of image-text models.

    A clip's score is the cosine of sentence and index embedding, standardised over the video. Clips that the expert
    saw add the cosine of sentence and expert embedding, standardised over these clips: the two models' cosines lie
    on different scales, and the expert shall order what the index proposed.

    ``decode`` groups: the scores are smoothed by (1, 2, 1) / 4; from the highest clip a moment grows to both sides
    while the score keeps half the peak's height above the video's median, over gaps of one clip; its clips leave the
    pool, and the next highest follows. A moment's score is the softmax of its peak over all moments found.

    Args:
        expert_dim: Channels D_e of the expert's image-text embedding, which come first among its features.
        top_k: Moments found for a query, at most.
    """

    dim = 1
    loss: Any = None  # it is never trained
    fusion: nn.Module | None = None

    def __init__(self, expert_dim: int, top_k: int) -> None:
        super().__init__()
        self.expert_dim, self.top_k = expert_dim, top_k

    def forward(self, clips: ClipInputs, text: TextBatch) -> VmrOutput:
        """Score and smooth."""
        return self.predict(self.encode(clips, text), clips.mask)

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Scores (B, T, 1), zero where a clip is not valid.

        Args:
            clips: Index (B, T, D_s) and expert features (B, T, at least D_e).
            text: ``sentence`` (B, D_s) in the space of the index, and one token (B, 1, D_e), the sentence in that of
                the expert.
        """
        preview = standardised(_cosine(clips.index, text.sentence), clips.mask)
        seen = (clips.chosen > 0) & clips.mask
        closer = standardised(_cosine(clips.expert[..., : self.expert_dim], text.tokens[:, 0]), seen)
        return (preview + closer)[..., None]

    def predict(self, fused: Tensor, mask: Tensor) -> VmrOutput:
        """Smooth the scores; the ends repeat."""
        kernel = fused.new_tensor(_SMOOTHING)[None, None]
        smooth = nnf.conv1d(nnf.pad(fused.transpose(1, 2), (1, 1), mode="replicate"), kernel)[:, 0]
        return VmrOutput(fused, smooth, {}, mask)

    def decode(self, output: VmrOutput, clip_s: float, duration_s: Tensor) -> list[list[Moment]]:
        """Group into moments in seconds, best first."""
        rows = zip(output.highlight, output.mask.sum(-1).tolist(), duration_s.tolist(), strict=True)
        return [self._moments(score[:valid], clip_s, end_s) for score, valid, end_s in rows]

    def _moments(self, score: Tensor, clip_s: float, duration_s: float) -> list[Moment]:
        """The moments of one query from its smoothed scores (T)."""
        spans, peaks = group(score, self.top_k)
        shares = torch.softmax(torch.tensor(peaks), 0).tolist()
        bounds = ((first * clip_s, min((last + 1) * clip_s, duration_s)) for first, last in spans)
        return [
            Moment(start_s, max(start_s, end_s), share) for (start_s, end_s), share in zip(bounds, shares, strict=True)
        ]


def standardised(score: Tensor, among: Tensor) -> Tensor:
    """Scores with mean 0 and standard deviation 1 over the marked clips, zero elsewhere and where all are alike.

    Args:
        score: Any scores (B, T).
        among: The marked clips (B, T), bool.
    """
    count = among.sum(-1, keepdim=True).clamp(min=1)
    centred = (score - (score * among).sum(-1, keepdim=True) / count) * among
    spread = (centred.square().sum(-1, keepdim=True) / count).sqrt()
    return torch.where(spread > _LEAST_SPREAD, centred / spread.clamp(min=_LEAST_SPREAD), 0.0)


def group(score: Tensor, most: int) -> tuple[list[tuple[int, int]], list[float]]:
    """Group clips around the peaks of a score.

    Args:
        score: One query's scores (T), T at least 1.
        most: Groups, at most.

    Returns:
        First and last clip of each group, the highest peak first, and the peaks. Only peaks above the median make a
        group, but for the first.

    Example:
        >>> group(torch.tensor([0.0, 0.0, 4.0, 1.0, 3.0, 0.0, 0.0, 2.0, 0.0]), 5)
        ([(2, 4), (7, 7)], [4.0, 2.0])
    """
    floor = float(score.median())
    pool = score.clone()
    spans: list[tuple[int, int]] = []
    peaks: list[float] = []
    while len(spans) < most:
        best = int(pool.argmax())
        peak = float(pool[best])
        if spans and peak <= floor:
            break
        high = pool >= floor + _DROP * (peak - floor)
        left, right = _free(pool, best)
        first = best - _reach(high[left : best + 1].flip(0))
        last = best + _reach(high[best:right])
        spans.append((first, last))
        peaks.append(peak)
        pool[first : last + 1] = -torch.inf
    return spans, peaks


def _free(pool: Tensor, best: int) -> tuple[int, int]:
    """The stretch around a clip, end exclusive, of which no clip is taken."""
    taken = pool.isneginf().nonzero().flatten()
    at = int(torch.searchsorted(taken, best))
    return int(taken[at - 1]) + 1 if at else 0, int(taken[at]) if at < len(taken) else len(pool)


def _reach(high: Tensor) -> int:
    """How far a run of marked clips goes from the first on, over gaps; the last clip of it is marked."""
    marked = high.nonzero().flatten()
    steps = marked.diff() > _GAP + 1
    return int(marked[int(steps.nonzero()[0]) if steps.any() else -1])


def _cosine(features: Tensor, sentence: Tensor) -> Tensor:
    """Cosine of each clip (B, T, D) with a sentence (B, D)."""
    product = torch.bmm(nnf.normalize(features, dim=-1), nnf.normalize(sentence, dim=-1)[..., None])
    return product.squeeze(-1)
