"""QD-DETR, and Moment-DETR as its plain setting: a set of moments from a handful of queries.

After QD-DETR (Moon et al., "Query-Dependent Video Representation", CVPR 2023) and Moment-DETR (Lei et al.,
"Detecting Moments and Highlights in Videos via Natural Language Queries", NeurIPS 2021). Deviations, all for
videos hundreds of times as long as a moment, on which windows alone can be trained:

- Self-attention over clips is local; words or the saliency token are seen by every clip and see all of them.
- Text-to-video attention scales clips as well as shifting them (see ``blocks.CrossBlock``).
- Depthwise convolutions give order in place of sinusoidal positions.
- A decoder query starts at a peak of the saliency and not at a learned place (anchors as in DAB-DETR, Liu et al.,
  ICLR 2022): a place learned as a share of a window means nothing on a video of another length. Cross-attention
  knows the distance to the anchor in logarithmic buckets, and spans are refined relative to it from layer to layer.
  It reads the whole memory: linear in T, as the queries are few.
- Spans are measured in clips, not as a share of the video.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from spotvmr.models.blocks import (
    CrossAttention,
    CrossBlock,
    DepthwiseSeparableConv,
    LocalAttention,
    enter,
    feed_forward,
    in_pieces,
    masked_softmax,
)
from spotvmr.models.losses import SetLoss
from spotvmr.models.moments import as_moments, in_seconds
from spotvmr.models.protocol import VmrOutput
from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TextBatch

_LAYERS = 2
"""Layers of fusion, encoder and decoder each."""
_EXACT, _BUCKETS = 8, 16
"""Distances to either side with a bucket of their own, and buckets to either side in all."""
_FARTHEST = 128
"""Clips from which all distances share the last bucket."""
_FIRST_WIDTH = 4.0
"""Clips of a span before the decoder has looked."""
_PEAK_REACH = 2
"""Clips to either side within which a saliency peak must be the highest."""


class DetrFusion(nn.Module):
    """Words into clips: text-to-video cross-attention (QD-DETR), or joint self-attention (Moment-DETR).

    Args:
        index_dim: Channels D_s of the index features.
        expert_dim: Channels D_f of the expert features.
        text_dim: Channels D_q of the token features.
        width: ``dim``, ``heads``, ``kernel``, ``reach`` and ``dropout`` of the layers.
        query_dependent: Cross-attention; otherwise joint self-attention.
    """

    def __init__(
        self, index_dim: int, expert_dim: int, text_dim: int, width: dict[str, Any], query_dependent: bool
    ) -> None:
        super().__init__()
        dim, heads, dropout = width["dim"], width["heads"], width["dropout"]
        self.clip_in = nn.Sequential(nn.Linear(index_dim + expert_dim + 1, dim), nn.LayerNorm(dim), nn.Dropout(dropout))
        self.word_in = nn.Sequential(nn.Linear(text_dim, dim), nn.LayerNorm(dim), nn.Dropout(dropout))
        self.cross = nn.ModuleList(CrossBlock(dim, heads, dropout) for _ in range(_LAYERS if query_dependent else 0))
        depth = 0 if query_dependent else _LAYERS
        self.joint = nn.ModuleList(_JointLayer(**width, last=layer == depth - 1) for layer in range(depth))

    def forward(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Fuse clips (B, T, …) and words (B, L, …) to (B, T, d)."""
        x, words = enter(self.clip_in, clips), self.word_in(text.tokens)
        for cross in self.cross:
            x = cross(x, words, text.mask)
        for joint in self.joint:
            x, words = joint(x, clips.mask, words, text.mask)
        return x


class Detr(nn.Module):
    """Predicts a set of moments, each with a class and a span.

    Args:
        index_dim: Channels D_s of the index features.
        expert_dim: Channels D_f of the expert features.
        text_dim: Channels D_q of the token features.
        dim: Channels of the model.
        heads: Attention heads.
        kernel: Of the convolutions that give order, odd.
        reach: Clips a position sees to either side in self-attention.
        dropout: Share of activations dropped in training.
        queries: Moments in the set.
        query_dependent: QD-DETR: cross-attention, saliency token and negative queries; otherwise Moment-DETR.
        top_k: Moments returned for a query.
    """

    loss = SetLoss

    def __init__(
        self,
        index_dim: int,
        expert_dim: int,
        text_dim: int,
        dim: int,
        heads: int,
        kernel: int,
        reach: int,
        dropout: float,
        queries: int,
        query_dependent: bool,
        top_k: int,
    ) -> None:
        super().__init__()
        self.dim, self.query_dependent, self.top_k = dim, query_dependent, top_k
        width: dict[str, Any] = {"dim": dim, "heads": heads, "kernel": kernel, "reach": reach, "dropout": dropout}
        self.fuse = DetrFusion(index_dim, expert_dim, text_dim, width, query_dependent)
        self.encoder = nn.ModuleList(_JointLayer(**width) for _ in range(_LAYERS if query_dependent else 0))
        self.token = nn.Parameter(torch.randn(1, 1, dim) * dim**-0.5)
        self.salient_clip, self.salient_token = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.memory_norm = nn.LayerNorm(dim)
        self.queries = nn.Parameter(torch.randn(queries, dim) * dim**-0.5)
        self.decoder = nn.ModuleList(_DecoderLayer(dim, heads, dropout) for _ in range(_LAYERS))
        self.span = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 2))
        self.label = nn.Linear(dim, 2)

    @property
    def fusion(self) -> nn.Module | None:
        """None for QD-DETR: its cross-attention fuses each clip by itself.

        A spotter that previewed with it could not tell from an expert's look at one clip what lies beside it.
        """
        return None if self.query_dependent else self.fuse

    def forward(self, clips: ClipInputs, text: TextBatch) -> VmrOutput:
        """Fuse and localise; in training, QD-DETR also looks for the query of another row.

        The head ``negative`` (B, T) then has the saliency under that query. It is absent at batch size 1, and
        very low where the other row asks the same.
        """
        out = self.predict(self.encode(clips, text), clips.mask)
        if not (self.training and self.query_dependent and len(clips.mask) > 1):
            return out
        other = TextBatch(text.tokens.roll(1, 0), text.mask.roll(1, 0), text.sentence.roll(1, 0))
        _, negative = self._memory(self.encode(clips, other), clips.mask)
        equal = (other.tokens == text.tokens).all(-1) & (other.mask == text.mask)
        same = (equal | ~(text.mask | other.mask)).all(-1, keepdim=True)
        lowest = torch.finfo(negative.dtype).min
        return replace(out, heads={**out.heads, "negative": negative.masked_fill(same, lowest)})

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Fuse video and text to (B, T, d)."""
        return self.fuse(clips, text)

    def predict(self, fused: Tensor, mask: Tensor) -> VmrOutput:
        """Localise from fused features (B, T, d).

        The heads, at each of K decoder layers for each of Q queries, are ``label``, logits of moment and of
        background (B, K, Q, 2), and ``spans``, borders in clips (B, K, Q, 2).
        """
        memory, highlight = self._memory(fused, mask)
        anchor = _peaks(highlight.detach(), mask, len(self.queries))
        x = memory.gather(1, anchor[..., None].expand(-1, -1, self.dim)) + self.queries
        centre, width = anchor + 0.5, torch.full_like(anchor, _FIRST_WIDTH, dtype=x.dtype)
        labels, spans = [], []
        for layer in self.decoder:
            x = layer(x, memory, mask, _buckets(centre, memory.shape[1]))
            step, stretch = self.span(x).unbind(-1)
            centre, width = centre + step * width, width * stretch.clamp(-4.0, 4.0).exp()
            labels.append(self.label(x))
            spans.append(torch.stack([centre - width / 2, centre + width / 2], -1))
            centre, width = centre.detach(), width.detach()
        return VmrOutput(fused, highlight, {"label": torch.stack(labels, 1), "spans": torch.stack(spans, 1)}, mask)

    @torch.no_grad()
    def decode(self, output: VmrOutput, clip_s: float, duration_s: Tensor) -> list[list[Moment]]:
        """Up to ``top_k`` members of the last layer's set, best first; arguments as ``VmrModel.decode``."""
        found = []
        scores, spans = output.heads["label"][:, -1].softmax(-1)[..., 0], output.heads["spans"][:, -1]
        for score, span, end_s in zip(scores, spans, duration_s.tolist(), strict=True):
            best = score.argsort(descending=True, stable=True)[: self.top_k]
            found.append(as_moments(in_seconds(span, clip_s, end_s), score, best))
        return found

    def _memory(self, fused: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """What the decoder reads (B, T, d), and the saliency of each clip (B, T)."""
        token, seen = self.token.expand(len(fused), -1, -1), mask.new_ones(len(fused), 1)
        for layer in self.encoder:
            fused, token = layer(fused, mask, token, seen)
        memory = self.memory_norm(fused)
        saliency = (self.salient_clip(memory) * self.salient_token(token)).sum(-1) * self.dim**-0.5
        return memory, saliency


class _JointLayer(nn.Module):
    """Self-attention over clips and tokens together, local between clips (Longformer); all parts residual.

    The ``last`` layer before the tokens are dropped leaves them as they are.
    """

    def __init__(self, dim: int, heads: int, kernel: int, reach: int, dropout: float, last: bool = False) -> None:
        super().__init__()
        self.order = DepthwiseSeparableConv(dim, kernel)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(3))
        self.local = LocalAttention(dim, heads, reach)
        self.all = None if last else CrossAttention(dim, heads, dim)
        self.feed_forward = feed_forward(dim, dropout)

    def forward(self, x: Tensor, mask: Tensor, tokens: Tensor, token_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map clips (B, T, d) and tokens (B, G, d)."""

        def order(x: Tensor, mask: Tensor) -> Tensor:
            return x + self.order(self.norms[0](x), mask)

        def attend(x: Tensor, clips: Tensor, mask: Tensor) -> Tensor:
            x = x + self.local(clips, mask, known, token_mask)
            return x + self.feed_forward(self.norms[2](x))

        x = in_pieces(order, x, mask, halo=self.order.halo)
        clips, known = self.norms[1](x), self.norms[1](tokens)
        x = in_pieces(attend, x, clips, mask, halo=self.local.reach)
        if self.all is None:
            return x, tokens
        both, both_mask = torch.cat([known, clips], 1), torch.cat([token_mask, mask], 1)
        tokens = tokens + self.all(known, both, both_mask)
        return x, tokens + self.feed_forward(self.norms[2](tokens))


class _DecoderLayer(nn.Module):
    """Queries look at one another, then at the memory around their anchors; all parts residual."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(3))
        self.among = CrossAttention(dim, heads, dim)
        self.around = _AnchoredAttention(dim, heads)
        self.feed_forward = feed_forward(dim, dropout)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor, bucket: Tensor) -> Tensor:
        """Map queries (B, Q, d) with the buckets (B, Q, T) of their distances to clips."""
        known = self.norms[0](x)
        x = x + self.among(known, known, mask.new_ones(x.shape[:2]))
        x = x + self.around(self.norms[1](x), memory, mask, bucket)
        return x + self.feed_forward(self.norms[2](x))


class _AnchoredAttention(nn.Module):
    """Cross-attention with relative positions in keys and values (Shaw et al., NAACL 2018). Linear in T."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(dim, dim) for _ in range(4))
        self.key_place, self.value_place = (
            nn.Parameter(torch.randn(heads, 2 * _BUCKETS + 1, dim // heads) * 0.02) for _ in range(2)
        )

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor, bucket: Tensor) -> Tensor:
        """Map queries (B, Q, d) and memory (B, T, d) to (B, Q, d)."""
        parts = self.query(x), self.key(memory), self.value(memory)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        bucket = bucket[:, None].expand(-1, self.heads, -1, -1)
        place = q @ self.key_place.mT  # (B, heads, Q, buckets)
        score = (q @ k.mT + place.gather(-1, bucket)) * q.shape[-1] ** -0.5
        share = masked_softmax(score, mask[:, None, None], -1)
        by_place = torch.zeros_like(place).scatter_add(-1, bucket, share)
        y = share @ v + by_place @ self.value_place
        return self.out(y.transpose(1, 2).flatten(2))


def _peaks(score: Tensor, mask: Tensor, count: int) -> Tensor:
    """The ``count`` best clips, those first that are the best near themselves, int64 (B, count).

    A video with fewer clips gives its best one several times.
    """
    pool = score.masked_fill(~mask, -torch.inf)
    highest = nnf.max_pool1d(pool[:, None], 2 * _PEAK_REACH + 1, stride=1, padding=_PEAK_REACH)[:, 0]
    by_score = pool.sort(dim=-1, descending=True, stable=True).indices
    peaks_first = ((pool < highest) | ~mask).gather(1, by_score).long().sort(dim=-1, stable=True).indices
    order = by_score.gather(1, peaks_first)
    order = torch.cat([order, order[:, :1].expand(-1, max(0, count - order.shape[1]))], 1)[:, :count]
    there = torch.arange(count, device=mask.device) < mask.sum(-1, keepdim=True)
    return torch.where(there, order, order[:, :1])


def _buckets(centre: Tensor, clips: int) -> Tensor:
    """Bucket of the distance from each centre (B, Q), in clips, to each clip, int64 (B, Q, T); 0 lies far before."""
    distance = torch.arange(clips, device=centre.device) + 0.5 - centre[..., None]
    size = distance.abs().round()
    growth = (_BUCKETS - _EXACT) / math.log(_FARTHEST / _EXACT)
    far = _EXACT + (size.clamp(min=_EXACT) / _EXACT).log() * growth
    return (torch.where(size < _EXACT, size, far).clamp(max=_BUCKETS).long() * distance.sign().long()) + _BUCKETS
