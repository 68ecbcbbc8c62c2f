"""VSLNet: span-based localisation (Zhang et al., "Span-based Localizing Network", ACL 2020).

Deviations from the paper: attention is local and positions are relative (see ``blocks``), so that
cost is linear in the length of the video; the input carries index features, expert features and an
indicator; borders are refined inside their clips by an offset head; start-end pairs are searched
among the best candidates and weighed by the highlight score between them, then thinned by NMS.
"""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from spotvmr.models.attention import EncoderBlock
from spotvmr.models.blocks import masked_softmax
from spotvmr.models.fusion import CrossModalEncoder
from spotvmr.models.losses import SpanLoss
from spotvmr.models.moments import thin
from spotvmr.models.protocol import VmrOutput
from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TextBatch

_CANDIDATES = 40
"""Starts and ends that are paired when decoding; the pairs are few whatever T is."""


class VslNet(nn.Module):
    """Predicts where a moment starts and ends as two distributions over clips.

    Args:
        index_dim: Channels D_s of the index features.
        expert_dim: Channels D_f of the expert features.
        text_dim: Channels D_q of the token features.
        dim: Channels of the model.
        top_k: Moments returned for a query.
        nms_iou: Moments that overlap a better one by more are dropped.
        heads: Attention heads.
        conv_layers: Convolutions of an encoder block.
        kernel: Their kernel, odd.
        reach: Clips a position sees to either side in attention.
        dropout: Share of activations dropped in training.
    """

    loss = SpanLoss

    def __init__(
        self,
        index_dim: int,
        expert_dim: int,
        text_dim: int,
        dim: int,
        top_k: int,
        nms_iou: float,
        heads: int,
        conv_layers: int,
        kernel: int,
        reach: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.dim, self.top_k, self.nms_iou = dim, top_k, nms_iou
        self.fusion = CrossModalEncoder(
            index_dim, expert_dim, text_dim, dim, heads, conv_layers, kernel, reach, dropout
        )
        self.highlight = nn.Linear(dim, 1)
        self.start_encoder = EncoderBlock(dim, heads, conv_layers, kernel, reach, dropout)
        self.end_encoder = EncoderBlock(dim, heads, conv_layers, kernel, reach, dropout)
        self.start_head = _head(dim)
        self.end_head = _head(dim)

    def forward(self, clips: ClipInputs, text: TextBatch) -> VmrOutput:
        """Fuse and localise."""
        return self.predict(self.encode(clips, text), clips.mask)

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Let clips and words attend to each other (B, T, d)."""
        return self.fusion(clips, text)

    def predict(self, fused: Tensor, mask: Tensor) -> VmrOutput:
        """Predict start and end from fused features (B, T, d).

        The heads are ``start`` and ``end`` logits and ``start_offset`` and ``end_offset``, the place
        of a border inside its clip in [0, 1], each (B, T).
        """
        highlight = self.highlight(fused).squeeze(-1)
        gated = fused * torch.sigmoid(highlight)[..., None]
        start = self.start_encoder(gated, mask)
        end = self.end_encoder(start, mask)
        # Places are float32 under any precision: bfloat16 has no odd number above 256.
        start_out = self.start_head(torch.cat([start, gated], -1)).float()
        end_out = self.end_head(torch.cat([end, gated], -1)).float()
        heads = {
            "start": start_out[..., 0],
            "end": end_out[..., 0],
            "start_offset": torch.sigmoid(start_out[..., 1]),
            "end_offset": torch.sigmoid(end_out[..., 1]),
        }
        return VmrOutput(fused, highlight.float(), heads, mask)

    @torch.no_grad()
    def decode(self, output: VmrOutput, clip_s: float, duration_s: Tensor) -> list[list[Moment]]:
        """Up to ``top_k`` pairs of a start and an end, thinned by NMS, best first; arguments as ``VmrModel.decode``."""
        start, end = (masked_softmax(output.heads[k], output.mask, -1) for k in ("start", "end"))
        inside = nnf.logsigmoid(output.highlight.double()) * output.mask
        total = nnf.pad(inside.cumsum(-1), (1, 0))
        spans, scores = [], []
        for b in range(start.shape[0]):
            first, last, score = _best_pairs(start[b], end[b], total[b])
            start_s = (first + output.heads["start_offset"][b, first]) * clip_s
            end_s = (last + output.heads["end_offset"][b, last]) * clip_s
            spans.append(torch.stack([start_s, torch.maximum(end_s, start_s)], -1).clamp(max=float(duration_s[b])))
            scores.append(score)
        return [thin(span, score, self.nms_iou, self.top_k) for span, score in zip(spans, scores, strict=True)]


def _head(dim: int) -> nn.Sequential:
    """Logit and offset from an encoder's output and the gated features."""
    return nn.Sequential(nn.Linear(2 * dim, dim), nn.ReLU(), nn.Linear(dim, 2))


def _best_pairs(start: Tensor, end: Tensor, total: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Pair likely starts and ends of one query.

    Args:
        start: Probability of a start (T,).
        end: Probability of an end (T,).
        total: Sum of the logarithms of the highlight scores before each clip (T + 1,).

    Returns:
        First clip, last clip and score of each pair (n,), scores the product of the two
        probabilities and the geometric mean of the highlight scores between them: a pair that joins
        two candidates across clips that are none is worth little.
    """
    k = min(_CANDIDATES, start.shape[0])
    first, last = start.topk(k).indices[:, None].expand(k, k), end.topk(k).indices[None].expand(k, k)
    forward = last >= first
    first, last = first[forward], last[forward]
    if not len(first):  # every likely end lies before every likely start: fall back to single clips
        first = last = (start * end).topk(1).indices
    mean = (total[last + 1] - total[first]) / (last + 1 - first)
    return first, last, start[first] * end[last] * mean.exp().to(start.dtype)
