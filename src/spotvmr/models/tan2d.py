"""2D-TAN: a score for every proposal of a map (Zhang et al., "Learning 2D Temporal Adjacent Networks", AAAI 2020).

Deviations from the paper: the clips are fused with the query before they are pooled to proposals, so that a
selector can share the fusion; words are encoded by convolutions and attention pooling in place of an LSTM,
whose FLOPs no counter sees; map convolutions are depthwise-separable. The map of a long video is taken
coarse to fine: the paper keeps all short proposals and ever fewer long ones, here each level of a pyramid
has proposals of 1 to 8 cells and cells of twice as many clips as the level below, read by the same
convolutions. There are about 12 proposals a clip, whatever the length of the video, and none is too long.
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from spotvmr.models.blocks import DepthwiseSeparableConv, enter, in_pieces, pool_words
from spotvmr.models.losses import MapLoss
from spotvmr.models.moments import candidates, thin
from spotvmr.models.protocol import VmrOutput
from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TextBatch

_CELLS = 8
"""Cells of a level's longest proposal. Above the first level those of up to half as many belong to the level below."""
_CANDIDATES = 100
"""Proposals that enter non-maximum suppression."""
_PRIOR = -4.0
"""Logit of every proposal before training: few in a hundred overlap the moment."""


class HadamardFusion(nn.Module):
    """Normalised Hadamard product of clip and sentence (section 3.3): linear in the number of clips.

    Args:
        index_dim: Channels D_s of the index features.
        expert_dim: Channels D_f of the expert features.
        text_dim: Channels D_q of the token features.
        dim: Channels d of the result.
        conv_layers: Convolutions over clips, and over words.
        kernel: Their kernel, odd.
        dropout: Share of activations dropped in training.
    """

    def __init__(
        self, index_dim: int, expert_dim: int, text_dim: int, dim: int, conv_layers: int, kernel: int, dropout: float
    ) -> None:
        super().__init__()
        self.clip_in = nn.Linear(index_dim + expert_dim + 1, dim)
        self.word_in = nn.Linear(text_dim, dim)
        self.clips = _ConvStack(dim, conv_layers, kernel)
        self.words = _ConvStack(dim, conv_layers, kernel)
        self.word_weight = nn.Linear(dim, 1, bias=False)
        self.clip_out = nn.Linear(dim, dim)
        self.sentence_out = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Fuse clips (B, T, …) and words (B, L, …) to (B, T, d)."""
        video = self.clips(self.dropout(enter(self.clip_in, clips)), clips.mask)
        words = self.words(self.dropout(self.word_in(text.tokens)), text.mask)
        sentence = pool_words(words, self.word_weight(words), text.mask)
        product = self.clip_out(video) * self.sentence_out(sentence)
        return nnf.normalize(product, dim=-1) * product.shape[-1] ** 0.5


class Tan2d(nn.Module):
    """Scores proposals of every length, each seeing the proposals beside it.

    Args:
        index_dim: Channels D_s of the index features.
        expert_dim: Channels D_f of the expert features.
        text_dim: Channels D_q of the token features.
        dim: Channels of the model.
        conv_layers: Convolutions over clips, over words and over the map.
        kernel: Kernel of those over clips and words, odd.
        dropout: Share of activations dropped in training.
        top_k: Moments returned for a query.
        nms_iou: Moments that overlap a better one by more are dropped.
    """

    loss = MapLoss

    def __init__(
        self,
        index_dim: int,
        expert_dim: int,
        text_dim: int,
        dim: int,
        conv_layers: int,
        kernel: int,
        dropout: float,
        top_k: int,
        nms_iou: float,
    ) -> None:
        super().__init__()
        self.dim, self.top_k, self.nms_iou = dim, top_k, nms_iou
        self.fusion = HadamardFusion(index_dim, expert_dim, text_dim, dim, conv_layers, kernel, dropout)
        self.highlight = nn.Linear(dim, 1)
        self.map = nn.ModuleList(_MapConv(dim) for _ in range(conv_layers))
        self.length = nn.Parameter(torch.zeros(_CELLS, dim))
        self.score = nn.Linear(dim, 1)
        nn.init.constant_(self.score.bias, _PRIOR)

    def forward(self, clips: ClipInputs, text: TextBatch) -> VmrOutput:
        """Fuse and localise."""
        return self.predict(self.encode(clips, text), clips.mask)

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Multiply clips and sentence (B, T, d)."""
        return self.fusion(clips, text)

    def predict(self, fused: Tensor, mask: Tensor) -> VmrOutput:
        """Score every proposal over fused features (B, T, d).

        The heads are ``score``, the logits of P proposals (B, P), ``spans``, their borders in clips (B, P, 2),
        and ``valid``, whether they lie in the video (B, P).
        """
        score, spans, valid = [], [], []
        x, here, clips = fused, mask, 1
        while True:
            shortest = _CELLS // 2 if clips > 1 else 0
            score.append(self._level(x, here)[:, :, shortest:].flatten(1))
            valid.append(_inside(here)[:, :, shortest:].flatten(1))
            spans.append(_spans(x.shape[1], clips, fused.device)[:, shortest:].flatten(0, 1))
            if _CELLS * clips >= fused.shape[1]:
                break
            x, here, clips = *_halve(x, here), 2 * clips
        borders = torch.cat(spans).expand(len(fused), -1, -1)
        heads = {"score": torch.cat(score, 1).float(), "spans": borders, "valid": torch.cat(valid, 1)}
        return VmrOutput(fused, self.highlight(fused).squeeze(-1).float(), heads, mask)

    def _level(self, x: Tensor, mask: Tensor) -> Tensor:
        """Logits (B, S, 8) of the proposals from each of a level's cells (B, S, d)."""

        def read(x: Tensor, mask: Tensor) -> Tensor:
            inside = _inside(mask)
            proposals = _proposals(x) + self.length
            for conv in self.map:
                proposals = conv(proposals, inside)
            return self.score(proposals).squeeze(-1)

        return in_pieces(read, x, mask, halo=len(self.map) + _CELLS - 1)

    @torch.no_grad()
    def decode(self, output: VmrOutput, clip_s: float, duration_s: Tensor) -> list[list[Moment]]:
        """Up to ``top_k`` proposals a query, thinned by NMS, best first; arguments as ``VmrModel.decode``."""
        scored = candidates(output, _CANDIDATES, clip_s, duration_s)
        return [thin(spans, score, self.nms_iou, self.top_k) for spans, score in scored]


class _ConvStack(nn.Module):
    """Residual convolutions over time."""

    def __init__(self, dim: int, layers: int, kernel: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(DepthwiseSeparableConv(dim, kernel) for _ in range(layers))
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(layers))
        self.halo = layers * (kernel // 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Map (B, T, d) to (B, T, d)."""
        return in_pieces(self._convolve, x, mask, halo=self.halo)

    def _convolve(self, x: Tensor, mask: Tensor) -> Tensor:
        """A stretch at once."""
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = x + conv(norm(x), mask)
        return x


class _MapConv(nn.Module):
    """Residual 3 × 3 convolution over starts and lengths; proposals outside the video are read as zero."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.depthwise = nn.Conv2d(dim, dim, 3, padding=1, groups=dim, bias=False)
        self.pointwise = nn.Linear(dim, dim)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """Map (B, S, 8, d) of S starts with their mask (B, S, 8) to (B, S, 8, d)."""
        seen = (self.norm(x) * valid[..., None]).permute(0, 3, 1, 2)
        return x + nnf.relu(self.pointwise(self.depthwise(seen).permute(0, 2, 3, 1)))


def _proposals(x: Tensor) -> Tensor:
    """Max-pool cells (B, S, d) to proposals (B, S, 8, d) of 1 to 8 cells from each start."""
    features = [x]
    for reach in range(1, _CELLS):
        features.append(torch.maximum(features[-1], _ahead(x, reach)))
    return torch.stack(features, 2)


def _inside(mask: Tensor) -> Tensor:
    """Whether all cells of each proposal are valid (B, S, 8), from the mask of the cells (B, S)."""
    masks = [mask]
    for reach in range(1, _CELLS):
        masks.append(masks[-1] & _ahead(mask[..., None], reach)[..., 0])
    return torch.stack(masks, 2)


def _ahead(x: Tensor, reach: int) -> Tensor:
    """Cell s + ``reach`` in the place of cell s (B, S, d); zeros past the end, where the mask is False anyway."""
    return nnf.pad(x[:, reach:], (0, 0, 0, min(reach, x.shape[1])))


def _halve(x: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Max-pool pairs of cells (B, S, d) to (B, ⌈S/2⌉, d); a cell is valid if one of the pair is."""
    odd = x.shape[1] % 2
    lowest = torch.finfo(x.dtype).min
    x = nnf.pad(x.masked_fill(~mask[..., None], lowest), (0, 0, 0, odd), value=lowest)
    mask = nnf.pad(mask, (0, odd)).unflatten(1, (-1, 2)).any(2)
    return x.unflatten(1, (-1, 2)).amax(2).masked_fill(~mask[..., None], 0.0), mask


def _spans(starts: int, clips: int, device: torch.device) -> Tensor:
    """Borders in clips of a level's proposals (S, 8, 2), whose cells are ``clips`` long; float32 in any precision."""
    first = torch.arange(starts, device=device, dtype=torch.float32)[:, None].expand(-1, _CELLS)
    cells = torch.arange(1, _CELLS + 1, device=device, dtype=torch.float32)
    return clips * torch.stack([first, first + cells], -1)
