"""Sentences to word numbers: a closed vocabulary, unknown words in hashed buckets."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
BUCKETS = 32
"""Number of rows of the embedding for unknown words, chosen by CRC-32."""


def split_words(text: str) -> list[str]:
    """Split a sentence into lower-case words.

    >>> split_words("When did I shake the RED mug?")
    ['when', 'did', 'i', 'shake', 'the', 'red', 'mug']
    """
    return _WORD.findall(text.lower())


class Vocabulary:
    """Numbers of words: 0 is padding, 1 opens every sentence, then words, then buckets."""

    def __init__(self, words: Iterable[str]) -> None:
        """Number the words in the order given, without repeats."""
        self.words: tuple[str, ...] = tuple(dict.fromkeys(words))
        self._numbers = {word: i + 2 for i, word in enumerate(self.words)}

    @property
    def size(self) -> int:
        """Rows that an embedding of this vocabulary needs."""
        return 2 + len(self.words) + BUCKETS

    def number(self, word: str) -> int:
        """The number of one lower-case word."""
        bucket = 2 + len(self.words) + zlib.crc32(word.encode()) % BUCKETS
        return self._numbers.get(word, bucket)

    def encode(self, texts: Sequence[str], longest: int) -> Tensor:
        """Number sentences: B texts → (B, L), int64, zero-padded, L = 1 + words, at most ``longest``."""
        rows = [[1, *(self.number(w) for w in split_words(t))][:longest] for t in texts]
        width = max(len(row) for row in rows)
        return torch.tensor([row + [0] * (width - len(row)) for row in rows], dtype=torch.int64)
