"""Attention of the VMR models. Every block takes a mask and leaves padding without effect.

Shapes: B queries, T positions, d channels. Masks are (B, T), True = valid.
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from spotvmr.models.blocks import DepthwiseSeparableConv, feed_forward, in_pieces, masked_softmax


class LocalAttention(nn.Module):
    """Multi-head self-attention in which a position sees those at most ``reach`` away.

    Time and memory are linear in T, and without absolute positions a model trained on windows
    runs on videos of any length. Computed block by block: positions are cut into blocks of
    ``reach``, each block attends to itself and its two neighbours under an exact band mask.
    Tokens that every position sees, such as words, may join the keys (Longformer's global tokens,
    Beltagy et al. 2020).
    """

    def __init__(self, dim: int, heads: int, reach: int) -> None:
        """Build for ``dim`` channels in ``heads`` heads."""
        super().__init__()
        self.heads, self.reach = heads, reach
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(
        self, x: Tensor, mask: Tensor, tokens: Tensor | None = None, token_mask: Tensor | None = None
    ) -> Tensor:
        """Map (B, T, d) to (B, T, d); ``tokens`` (B, G, d) with their mask (B, G) are seen by every position."""
        b, t, d = x.shape
        w = self.reach
        n = -(-t // w)  # blocks
        pad = n * w - t
        qkv = nnf.pad(self.qkv(x), (0, 0, 0, pad)).view(b, n, w, 3, self.heads, d // self.heads)
        q, k, v = (part.transpose(2, 3) for part in qkv.unbind(3))  # each (B, n, heads, w, d/heads)
        k, v = _with_neighbours(k, 3), _with_neighbours(v, 3)
        allowed = self._allowed(nnf.pad(mask, (0, pad)), b, n)
        if tokens is not None and token_mask is not None:
            _, token_k, token_v = self.qkv(tokens).view(b, 1, -1, 3, self.heads, d // self.heads).unbind(3)
            k = torch.cat([k, token_k.transpose(2, 3).expand(b, n, -1, -1, -1)], 3)
            v = torch.cat([v, token_v.transpose(2, 3).expand(b, n, -1, -1, -1)], 3)
            allowed = torch.cat([allowed, token_mask[:, None, None, None].expand(b, n, 1, w, -1)], -1)
        y = nnf.scaled_dot_product_attention(
            q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), attn_mask=allowed.flatten(0, 1)
        )
        y = y.view(b, n, self.heads, w, d // self.heads).transpose(2, 3).reshape(b, n * w, d)
        return self.out(y[:, :t])

    def _allowed(self, mask: Tensor, b: int, n: int) -> Tensor:
        """The keys that each query position may attend to (B, n, 1, w, 3w): valid keys in reach, and itself."""
        w = self.reach
        distance = torch.arange(3 * w, device=mask.device)[None] - w - torch.arange(w, device=mask.device)[:, None]
        keys = _with_neighbours(mask.view(b, n, w), 2)  # (B, n, 3w)
        # A row without any key would give NaN, so padding attends to itself.
        return ((distance.abs() <= w) & keys[:, :, None] | (distance == 0))[:, :, None]


def _with_neighbours(x: Tensor, dim: int) -> Tensor:
    """Join each block (dimension 1) with the one before and the one after along ``dim``; zeros at the ends."""
    edge = torch.zeros_like(x[:, :1])
    before = torch.cat([edge, x[:, :-1]], 1)
    after = torch.cat([x[:, 1:], edge], 1)
    return torch.cat([before, x, after], dim)


class EncoderBlock(nn.Module):
    """The feature encoder of VSLNet: convolutions, self-attention, a feed-forward layer, all residual.

    Deviations: attention is local and there are no learned absolute positions (the convolutions
    give order), so that cost is linear in T and any length fits. Dropout stands at the end of the
    block alone: drawing it after every layer took a quarter of the training time on a CPU.
    """

    def __init__(self, dim: int, heads: int, conv_layers: int, kernel: int, reach: int, dropout: float) -> None:
        """Build for ``dim`` channels; see ``LocalAttention`` for ``reach``."""
        super().__init__()
        self.convs = nn.ModuleList(DepthwiseSeparableConv(dim, kernel) for _ in range(conv_layers))
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(conv_layers + 2))
        self.attention = LocalAttention(dim, heads, reach)
        self.feed_forward = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)
        self.halo = conv_layers * (kernel // 2) + reach

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (B, T, d) to (B, T, d)."""
        return in_pieces(self._encode, x, mask, halo=self.halo)

    def _encode(self, x: Tensor, mask: Tensor) -> Tensor:
        """A stretch at once."""
        for conv, norm in zip(self.convs, self.norms[:-2], strict=True):
            x = x + conv(norm(x), mask)
        x = x + self.attention(self.norms[-2](x), mask)
        return x + self.dropout(self.feed_forward(self.norms[-1](x)))


class ContextQueryAttention(nn.Module):
    """Trilinear attention between clips and words, both ways (VSLNet, eq. 4; QANet, Yu et al. 2018)."""

    def __init__(self, dim: int) -> None:
        """Build for ``dim`` channels."""
        super().__init__()
        self.clip_weight = nn.Linear(dim, 1, bias=False)
        self.word_weight = nn.Linear(dim, 1, bias=False)
        self.product_weight = nn.Parameter(torch.full((dim,), dim**-0.5))
        self.out = nn.Linear(4 * dim, dim)

    def forward(self, clips: Tensor, words: Tensor, mask: Tensor, word_mask: Tensor) -> Tensor:
        """Map clips (B, T, d) and words (B, L, d) to query-aware clips (B, T, d)."""
        score = (
            self.clip_weight(clips)
            + self.word_weight(words).transpose(1, 2)
            + (clips * self.product_weight) @ words.transpose(1, 2)
        )  # (B, T, L)
        to_words = masked_softmax(score, word_mask[:, None], -1)
        to_clips = masked_softmax(score, mask[..., None], 1)
        words_seen = to_words @ words
        # (T, L) x ((T, L)^T x (T, d)): linear in T; VSLNet builds the (T, T) product first.
        clips_seen = to_words @ (to_clips.transpose(1, 2) @ clips)
        return in_pieces(self._join, clips, words_seen, clips_seen)

    def _join(self, clips: Tensor, words_seen: Tensor, clips_seen: Tensor) -> Tensor:
        """Clips beside what they attended to, all (B, T, d)."""
        return self.out(torch.cat([clips, words_seen, clips * words_seen, clips * clips_seen], -1))


class CrossAttention(nn.Module):
    """Multi-head attention from positions to tokens, such as words, that all of them may see."""

    def __init__(self, dim: int, heads: int, out_dim: int) -> None:
        """Build for ``dim`` channels in ``heads`` heads and ``out_dim`` channels of the result."""
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))
        self.out = nn.Linear(dim, out_dim)

    def forward(self, x: Tensor, tokens: Tensor, token_mask: Tensor) -> Tensor:
        """Map positions (B, T, d) and tokens (B, G, d), at least one of them valid, to (B, T, out_dim)."""
        parts = self.query(x), self.key(tokens), self.value(tokens)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in parts)
        y = nnf.scaled_dot_product_attention(q, k, v, attn_mask=token_mask[:, None, None])
        return self.out(y.transpose(1, 2).flatten(2))


class CrossBlock(nn.Module):
    """Cross-attention from clips to words that scales and shifts each clip (SnAG), then a feed-forward layer.

    Both are residual. The scale compares a clip with the words it attends to; sums alone learn that slowly.
    """

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        """Build for ``dim`` channels in ``heads`` heads."""
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2))
        self.attention = CrossAttention(dim, heads, 2 * dim)
        self.feed_forward = feed_forward(dim, dropout)

    def forward(self, x: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
        """Map clips (B, T, d) and words (B, L, d) to (B, T, d)."""

        def attend(x: Tensor) -> Tensor:
            normed = self.norms[0](x)
            scale, shift = self.attention(normed, words, word_mask).chunk(2, -1)
            x = x + normed * scale + shift
            return x + self.feed_forward(self.norms[1](x))

        return in_pieces(attend, x)
