"""Layers of QD-DETR and Moment-DETR. Shapes: B rows, T clips, G tokens, Q decoder queries, d channels."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from spotvmr.models.attention import CrossAttention, CrossBlock, LocalAttention
from spotvmr.models.blocks import DepthwiseSeparableConv, enter, feed_forward, in_pieces, masked_softmax
from spotvmr.types.batches import ClipInputs, TextBatch

LAYERS = 2
"""Layers of fusion, encoder and decoder each."""
_EXACT, _BUCKETS = 8, 16
"""Distances to either side with a bucket of their own, and buckets to either side in all."""
_FARTHEST = 128
"""Clips from which all distances share the last bucket."""


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
        self.cross = nn.ModuleList(CrossBlock(dim, heads, dropout) for _ in range(LAYERS if query_dependent else 0))
        depth = 0 if query_dependent else LAYERS
        self.joint = nn.ModuleList(JointLayer(**width, last=layer == depth - 1) for layer in range(depth))

    def forward(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Fuse clips (B, T, …) and words (B, L, …) to (B, T, d)."""
        x, words = enter(self.clip_in, clips), self.word_in(text.tokens)
        for cross in self.cross:
            x = cross(x, words, text.mask)
        for joint in self.joint:
            x, words = joint(x, clips.mask, words, text.mask)
        return x


class JointLayer(nn.Module):
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
            x = x + self.local(clips, mask, normed, token_mask)
            return x + self.feed_forward(self.norms[2](x))

        x = in_pieces(order, x, mask, halo=self.order.halo)
        clips, normed = self.norms[1](x), self.norms[1](tokens)
        x = in_pieces(attend, x, clips, mask, halo=self.local.reach)
        if self.all is None:
            return x, tokens
        both, both_mask = torch.cat([normed, clips], 1), torch.cat([token_mask, mask], 1)
        tokens = tokens + self.all(normed, both, both_mask)
        return x, tokens + self.feed_forward(self.norms[2](tokens))


class DecoderLayer(nn.Module):
    """Queries attend to one another, then to the memory around their anchors; all parts residual."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(3))
        self.among = CrossAttention(dim, heads, dim)
        self.around = _AnchoredAttention(dim, heads)
        self.feed_forward = feed_forward(dim, dropout)

    def forward(self, x: Tensor, memory: Tensor, mask: Tensor, bucket: Tensor) -> Tensor:
        """Map queries (B, Q, d) with the buckets (B, Q, T) of their distances to clips."""
        normed = self.norms[0](x)
        x = x + self.among(normed, normed, mask.new_ones(x.shape[:2]))
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


def distance_buckets(centre: Tensor, clips: int) -> Tensor:
    """Bucket of the distance from each centre (B, Q), in clips, to each clip, int64 (B, Q, T); 0 lies far before."""
    distance = torch.arange(clips, device=centre.device) + 0.5 - centre[..., None]
    size = distance.abs().round()
    growth = (_BUCKETS - _EXACT) / math.log(_FARTHEST / _EXACT)
    far = _EXACT + (size.clamp(min=_EXACT) / _EXACT).log() * growth
    return (torch.where(size < _EXACT, size, far).clamp(max=_BUCKETS).long() * distance.sign().long()) + _BUCKETS
