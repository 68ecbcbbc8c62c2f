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

from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as nnf
from torch import Tensor, nn

from spotvmr.models.detr_layers import LAYERS, DecoderLayer, DetrFusion, JointLayer, distance_buckets
from spotvmr.models.losses import SetLoss
from spotvmr.models.moments import as_moments, in_seconds
from spotvmr.models.protocol import VmrOutput
from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TextBatch

_FIRST_WIDTH = 4.0
"""Clips of a span before the first decoder layer."""
_PEAK_REACH = 2
"""Clips to either side within which a saliency peak must be the highest."""


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
        self.encoder = nn.ModuleList(JointLayer(**width) for _ in range(LAYERS if query_dependent else 0))
        self.token = nn.Parameter(torch.randn(1, 1, dim) * dim**-0.5)
        self.salient_clip, self.salient_token = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.memory_norm = nn.LayerNorm(dim)
        self.queries = nn.Parameter(torch.randn(queries, dim) * dim**-0.5)
        self.decoder = nn.ModuleList(DecoderLayer(dim, heads, dropout) for _ in range(LAYERS))
        self.span = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, 2))
        self.label = nn.Linear(dim, 2)

    @property
    def fusion(self) -> nn.Module | None:
        """None for QD-DETR: its cross-attention fuses each clip by itself.

        A preview with it would not use the expert features of one clip for the clips beside it.
        """
        return None if self.query_dependent else self.fuse

    def forward(self, clips: ClipInputs, text: TextBatch) -> VmrOutput:
        """Fuse and localise; in training, QD-DETR also localises the query of another row.

        The head ``negative`` (B, T) then has the saliency under that query. It is absent at batch size 1, and
        very low where the other row has the same query.
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
        # Places are float32 under any precision: bfloat16 has no odd number above 256.
        centre, width = anchor + 0.5, torch.full_like(anchor, _FIRST_WIDTH, dtype=torch.float32)
        labels, spans = [], []
        for layer in self.decoder:
            x = layer(x, memory, mask, distance_buckets(centre, memory.shape[1]))
            step, stretch = self.span(x).float().unbind(-1)
            centre, width = centre + step * width, width * stretch.clamp(-4.0, 4.0).exp()
            labels.append(self.label(x).float())
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
        return memory, saliency.float()


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
