"""Building blocks of the VMR models. Every block takes a mask and leaves padding without effect.

Shapes: B queries, T positions, d channels. Masks are (B, T), True = valid.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from spotvmr.types.batches import ClipInputs

_PIECE = 4096
"""Positions computed at once outside training, a little more than an hour of clips of a second.

The tensors of ten hours at once leave the cache of a CPU at every step, and each above 32 MiB is fresh pages of the
system.
"""


def in_pieces(run: Callable[..., Tensor], *parts: Tensor, halo: int = 0) -> Tensor:
    """Return ``run(*parts)``. Outside training it is computed piece by piece and joined along dimension 1.

    Args:
        run: Maps a stretch of each part to (B, stretch, …).
        parts: Tensors (B, T, …).
        halo: Positions to either side that the result of one depends on.
    """
    length = parts[0].shape[1]
    if torch.is_grad_enabled() or length <= _PIECE:
        return run(*parts)
    done = []
    for start in range(0, length, _PIECE):
        stop, low = min(start + _PIECE, length), max(0, start - halo)
        stretch = run(*(part[:, low : stop + halo] for part in parts))
        done.append(stretch[:, start - low : stop - low])
    return torch.cat(done, 1)


def seen_features(clips: ClipInputs) -> Tensor:
    """The input of a model for each clip: index, expert and indicator channels (B, T, D_s + D_f + 1)."""
    return torch.cat([clips.index, clips.expert, clips.chosen[..., None]], -1)


def enter(layer: nn.Module, clips: ClipInputs) -> Tensor:
    """Map the input of each clip to (B, T, d). The input of a long video is never held whole."""

    def see(*parts: Tensor) -> Tensor:
        return layer(seen_features(ClipInputs(*parts)))

    return in_pieces(see, clips.index, clips.expert, clips.chosen, clips.mask)


class DepthwiseSeparableConv(nn.Module):
    """Depthwise then pointwise convolution over time, ReLU (VSLNet, Zhang et al., ACL 2020)."""

    def __init__(self, dim: int, kernel: int) -> None:
        """Build for ``dim`` channels and an odd ``kernel``."""
        super().__init__()
        self.halo = kernel // 2
        self.depthwise = nn.Conv1d(dim, dim, kernel, padding=self.halo, groups=dim, bias=False)
        self.pointwise = nn.Linear(dim, dim)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (B, T, d) to (B, T, d); padded positions are read as zero."""
        x = (x * mask[..., None]).transpose(1, 2)
        return nnf.relu(self.pointwise(self.depthwise(x).transpose(1, 2)))


class QueryConcat(nn.Module):
    """Adds an attention-pooled sentence to every clip (VSLNet's context-query concatenation)."""

    def __init__(self, dim: int) -> None:
        """Build for ``dim`` channels."""
        super().__init__()
        self.weight = nn.Linear(dim, 1, bias=False)
        self.out = nn.Linear(2 * dim, dim)

    def forward(self, clips: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
        """Map clips (B, T, d) and words (B, L, d) to (B, T, d)."""
        sentence = pool_words(words, self.weight(words), word_mask)

        def add(clips: Tensor) -> Tensor:
            return nnf.relu(self.out(torch.cat([clips, sentence.expand_as(clips)], -1)))

        return in_pieces(add, clips)


def feed_forward(dim: int, dropout: float) -> nn.Sequential:
    """Two layers with a ReLU, twice as wide inside."""
    return nn.Sequential(nn.Linear(dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim), nn.Dropout(dropout))


def pool_words(words: Tensor, score: Tensor, word_mask: Tensor) -> Tensor:
    """Mean of words (B, L, d), weighed by the softmax of their scores (B, L, 1): a sentence (B, 1, d)."""
    return (masked_softmax(score, word_mask[..., None], 1) * words).sum(1, keepdim=True)


def masked_softmax(score: Tensor, mask: Tensor, dim: int) -> Tensor:
    """Softmax over the valid entries of ``dim``; all zeros where none is valid."""
    lowest = torch.finfo(score.dtype).min
    return torch.softmax(score.masked_fill(~mask, lowest), dim) * mask
