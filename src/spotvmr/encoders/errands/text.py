"""The demo's text encoder: a word-level transformer of two layers.

Trained contrastively so that the dot product of a sentence and a clip's index features ranks clips
by the part of the sentence that one frame shows (room, object); the tokens also contain the action.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spotvmr.encoders.errands.blocks import standardise
from spotvmr.encoders.text.words import Vocabulary
from spotvmr.types.batches import TextBatch

LONGEST = 48
"""Maximum number of words of a sentence, the start token included; further words are dropped."""


class ErrandsText(nn.Module):
    """Word numbers → token features and a sentence in the space of the index features."""

    def __init__(
        self, words: tuple[str, ...], sentence_dim: int, dim: int = 96, layers: int = 2, heads: int = 4
    ) -> None:
        """Make the network with random weights.

        Args:
            words: The vocabulary.
            sentence_dim: Channels of the index features, D_s.
            dim: Channels of a token, D_q.
            layers: Transformer layers.
            heads: Attention heads; divides ``dim``.
        """
        super().__init__()
        self.dim, self.sentence_dim, self.weights_hash = dim, sentence_dim, ""
        self.vocabulary = Vocabulary(words)
        self.embed = nn.Embedding(self.vocabulary.size, dim, padding_idx=0)
        self.position = nn.Parameter(torch.randn(LONGEST, dim) * 0.02)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(dim, heads, 2 * dim, dropout=0.0, batch_first=True, norm_first=True)
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)
        self.sentence = nn.Sequential(nn.Linear(2 * dim, 128), nn.ReLU(inplace=True), nn.Linear(128, sentence_dim))

    def forward(self, numbers: Tensor) -> TextBatch:
        """Encode word numbers (B, L), int64, zero where padded."""
        mask = numbers > 0
        x = self.embed(numbers) + self.position[: numbers.shape[1]]
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=~mask)
        tokens = self.norm(x) * mask.unsqueeze(-1)
        mean = tokens.sum(1) / mask.sum(1, keepdim=True)
        return TextBatch(
            tokens=tokens, mask=mask, sentence=standardise(self.sentence(torch.cat([tokens[:, 0], mean], dim=1)))
        )

    @torch.no_grad()
    def encode(self, texts: list[str]) -> TextBatch:
        """Encode sentences: tokens (B, L, 96), mask (B, L), sentence (B, D_s); without gradients."""
        return self(self.vocabulary.encode(texts, LONGEST).to(self.position.device))
