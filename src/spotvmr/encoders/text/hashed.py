"""Text encoder without weights: the vector of a word is its hash."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from spotvmr.encoders.errands.blocks import standardise
from spotvmr.encoders.text.words import split_words
from spotvmr.types.batches import TextBatch

_DIM = 256
"""Bits of a SHA-256, one for each channel."""


def word_signs(word: str) -> Tensor:
    """The vector of a word (256,): +1 where the bit of its SHA-256 is set, else -1.

    Two different words have a cosine of 0 ± 0.06, whatever they mean.

    >>> word_signs("mug")[:8].tolist()
    [1.0, -1.0, 1.0, -1.0, -1.0, -1.0, -1.0, 1.0]
    """
    digest = torch.frombuffer(bytearray(hashlib.sha256(word.encode()).digest()), dtype=torch.uint8)
    bits = (digest[:, None] >> torch.arange(7, -1, -1, dtype=torch.uint8)) & 1
    return bits.flatten().float() * 2 - 1


class HashedText:
    """Baseline text encoder for imported features: it distinguishes words and does not know their meaning.

    Sentences are the standardised mean of their words; they lie in no space of index features.
    """

    dim = sentence_dim = _DIM
    weights_hash = "none"

    def encode(self, texts: list[str]) -> TextBatch:
        """Encode sentences: tokens (B, L, 256), mask (B, L), sentence (B, 256); one token where there is no word."""
        rows = [torch.stack([word_signs(word) for word in split_words(text) or [""]]) for text in texts]
        tokens = pad_sequence(rows, batch_first=True)
        lengths = torch.tensor([len(row) for row in rows])
        mask = torch.arange(tokens.shape[1])[None] < lengths[:, None]
        return TextBatch(tokens, mask, standardise(tokens.sum(1) / lengths[:, None]))
