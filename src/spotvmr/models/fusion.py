"""The cross-modal encoder: what the clips show and what the query asks, fused clip by clip."""

from __future__ import annotations

from torch import Tensor, nn

from spotvmr.models.attention import ContextQueryAttention, EncoderBlock
from spotvmr.models.blocks import QueryConcat, enter
from spotvmr.types.batches import ClipInputs, TextBatch


class CrossModalEncoder(nn.Module):
    """VSLNet's way from features to query-aware clips (Zhang et al., ACL 2020, sections 3.1 to 3.2).

    One encoder for clips and words, trilinear attention between them, and the pooled sentence added to
    every clip. The clips enter as index features, expert features and the indicator of the chosen ones.
    Linear in the number of clips.

    Args:
        index_dim: Channels D_s of the index features.
        expert_dim: Channels D_f of the expert features.
        text_dim: Channels D_q of the token features.
        dim: Channels d of the result.
        heads: Attention heads.
        conv_layers: Convolutions of the encoder block.
        kernel: Their kernel, odd.
        reach: Clips a position sees to either side in attention.
        dropout: Share of activations dropped in training.
    """

    def __init__(
        self,
        index_dim: int,
        expert_dim: int,
        text_dim: int,
        dim: int,
        heads: int,
        conv_layers: int,
        kernel: int,
        reach: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.clip_in = nn.Linear(index_dim + expert_dim + 1, dim)
        self.word_in = nn.Linear(text_dim, dim)
        self.encoder = EncoderBlock(dim, heads, conv_layers, kernel, reach, dropout)
        self.attention = ContextQueryAttention(dim)
        self.concat = QueryConcat(dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Fuse clips (B, T, …) and words (B, L, …) to (B, T, d)."""
        video = self.encoder(self.dropout(enter(self.clip_in, clips)), clips.mask)
        words = self.encoder(self.dropout(self.word_in(text.tokens)), text.mask)
        fused = self.attention(video, words, clips.mask, text.mask)
        return self.concat(fused, words, text.mask)
