"""SnAG-style: every point of a pyramid scores the moment around it and places its borders.

After SnAG (Mu et al., "SnAG: Scalable and Accurate Video Grounding", CVPR 2024) and its base ActionFormer
(Zhang et al., ECCV 2022). Deviations: the query joins the video's own features at full resolution, before the
pyramid and not at each of its levels, so that a selector can share what is fused; distances are a softplus in
place of a ReLU, which can die; there are no positions, as the strided convolutions give order.
Everything is linear in the length of the video as published.
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from spotvmr.models.attention import CrossBlock, EncoderBlock, LocalAttention
from spotvmr.models.blocks import enter, feed_forward, in_pieces
from spotvmr.models.losses import PointLoss
from spotvmr.models.moments import candidates, soft_nms
from spotvmr.models.protocol import VmrOutput
from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TextBatch

_CANDIDATES = 200
"""Points that enter Soft-NMS."""
_SIGMA = 0.9
"""Width of its Gaussian."""
_PRIOR = 0.01
"""Share of points that a new model takes for positive: keeps the focal loss small at the start."""


class LateFusion(nn.Module):
    """Video and words encoded apart, then joined by cross-attention from clips to words (SnAG, section 3).

    Args:
        index_dim: Channels D_s of the index features.
        expert_dim: Channels D_f of the expert features.
        text_dim: Channels D_q of the token features.
        dim: Channels d of the result.
        dropout: Share of activations dropped in training.
        heads: Attention heads.
        conv_layers: Convolutions of the encoder block of the clips.
        kernel: Their kernel, odd.
        reach: Clips a position sees to either side in attention.
    """

    def __init__(
        self,
        index_dim: int,
        expert_dim: int,
        text_dim: int,
        *,
        dim: int,
        dropout: float,
        heads: int,
        conv_layers: int,
        kernel: int,
        reach: int,
    ) -> None:
        super().__init__()
        self.clip_in = nn.Linear(index_dim + expert_dim + 1, dim)
        self.word_in = nn.Linear(text_dim, dim)
        self.clips = EncoderBlock(dim, heads, conv_layers, kernel, reach, dropout)
        self.words = EncoderBlock(dim, heads, 1, kernel, reach, dropout)
        self.fuse = nn.ModuleList(CrossBlock(dim, heads, dropout) for _ in range(2))
        self.norm = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Fuse clips (B, T, …) and words (B, L, …) to (B, T, d)."""
        x = self.clips(self.dropout(enter(self.clip_in, clips)), clips.mask)
        words = self.words(self.dropout(self.word_in(text.tokens)), text.mask)
        for block in self.fuse:
            x = block(x, words, text.mask)
        return self.norm(x)


class Snag(nn.Module):
    """Classifies and regresses from points, each level's for moments twice as long as those of the level below.

    Args:
        index_dim: Channels D_s of the index features.
        expert_dim: Channels D_f of the expert features.
        text_dim: Channels D_q of the token features.
        dim: Channels of the model.
        levels: Levels of the pyramid.
        top_k: Moments returned for a query.
        heads: Attention heads.
        conv_layers: Convolutions of an encoder block.
        kernel: Their kernel, odd.
        reach: Positions seen to either side in attention, at every level of the pyramid.
        dropout: Share of activations dropped in training.
    """

    loss = PointLoss

    def __init__(
        self,
        index_dim: int,
        expert_dim: int,
        text_dim: int,
        dim: int,
        levels: int,
        top_k: int,
        heads: int,
        conv_layers: int,
        kernel: int,
        reach: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.dim, self.levels, self.top_k = dim, levels, top_k
        width = {"dim": dim, "heads": heads, "conv_layers": conv_layers, "kernel": kernel, "reach": reach}
        self.fusion = LateFusion(index_dim, expert_dim, text_dim, dropout=dropout, **width)
        self.highlight = nn.Linear(dim, 1)
        self.steps = nn.ModuleList(_PyramidStep(dim, heads, reach, dropout) for _ in range(levels - 1))
        self.score = _PointHead(dim, 1)
        self.distance = _PointHead(dim, 2)
        self.scale = nn.Parameter(torch.ones(levels))
        nn.init.constant_(self.score.out.bias, torch.logit(torch.tensor(_PRIOR)).item())

    def forward(self, clips: ClipInputs, text: TextBatch) -> VmrOutput:
        """Fuse and localise."""
        return self.predict(self.encode(clips, text), clips.mask)

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Let clips ask the words (B, T, d)."""
        return self.fusion(clips, text)

    def predict(self, fused: Tensor, mask: Tensor) -> VmrOutput:
        """Classify and regress every point of the pyramid over fused features (B, T, d).

        The heads, over P points of all levels: ``score`` logits (B, P), ``spans`` in clips (B, P, 2),
        ``points``, their places and strides in clips (B, P, 2), and ``valid`` (B, P).
        """
        highlight = self.highlight(fused).squeeze(-1)
        # Cells of the top level are whole.
        pad = -fused.shape[1] % 2 ** (self.levels - 1)
        x, here = nnf.pad(fused, (0, 0, 0, pad)), nnf.pad(mask, (0, pad))
        parts = []
        for level in range(self.levels):
            if level:
                x, here = self.steps[level - 1](x, here)
            parts.append((*self._read(x, here, level), here))
        score, spans, points, valid = (torch.cat(part, 1) for part in zip(*parts, strict=True))
        heads = {"score": score, "spans": spans, "points": points, "valid": valid}
        return VmrOutput(fused, highlight.float(), heads, mask)

    def _read(self, x: Tensor, mask: Tensor, level: int) -> tuple[Tensor, Tensor, Tensor]:
        """Scores (B, S), spans (B, S, 2) and points (B, S, 2) of a level."""
        stride = 2.0**level
        # Places are float32 under any precision: bfloat16 has no odd number above 256.
        place = (torch.arange(x.shape[1], device=x.device, dtype=torch.float32) + 0.5) * stride
        reach = nnf.softplus(self.distance(x, mask).float() * self.scale[level]) * stride
        spans = torch.stack([place - reach[..., 0], place + reach[..., 1]], -1)
        points = torch.stack([place, torch.full_like(place, stride)], -1).expand(len(x), -1, -1)
        return self.score(x, mask).squeeze(-1).float(), spans, points

    @torch.no_grad()
    def decode(self, output: VmrOutput, clip_s: float, duration_s: Tensor) -> list[list[Moment]]:
        """Up to ``top_k`` moments a query, thinned by Soft-NMS, best first; arguments as ``VmrModel.decode``."""
        scored = candidates(output, _CANDIDATES, clip_s, duration_s)
        return [soft_nms(spans, score, _SIGMA, self.top_k) for spans, score in scored]


class _PyramidStep(nn.Module):
    """Half the resolution by a strided convolution, then a transformer block with local attention."""

    def __init__(self, dim: int, heads: int, reach: int, dropout: float) -> None:
        super().__init__()
        # Kernel 4 looks as far to the left of the pair as to the right.
        self.down = nn.Conv1d(dim, dim, 4, stride=2, padding=1, groups=dim)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(3))
        self.attention = LocalAttention(dim, heads, reach)
        self.feed_forward = feed_forward(dim, dropout)

    def forward(self, x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Map (B, S, d) with its mask to (B, S/2, d) with its mask."""
        x = self.norms[0](self.down((x * mask[..., None]).transpose(1, 2)).transpose(1, 2))
        mask = mask.unflatten(1, (-1, 2)).any(2)
        return in_pieces(self._attend, x, mask, halo=self.attention.reach), mask

    def _attend(self, x: Tensor, mask: Tensor) -> Tensor:
        """A stretch (B, S, d) at once."""
        x = x + self.attention(self.norms[1](x), mask)
        return x + self.feed_forward(self.norms[2](x))


class _PointHead(nn.Module):
    """Two convolutions and a linear layer, the same at every level."""

    def __init__(self, dim: int, out: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(dim, dim, 3, padding=1) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2))
        self.out = nn.Linear(dim, out)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (B, S, d) to (B, S, out)."""
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = nnf.relu(norm(conv((x * mask[..., None]).transpose(1, 2)).transpose(1, 2)))
        return self.out(x)
