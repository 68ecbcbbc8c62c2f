"""Normalised captions, and near duplicates between splits."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SIMILAR = 0.8
"""Minimum Jaccard similarity of near duplicates: shared words divided by all words."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Two captions of different splits with nearly the same words.

    Attributes:
        similarity: Jaccard similarity of their words, ``SIMILAR`` to 1.
        splits: Split of each.
        captions: The captions, normalised.
    """

    similarity: float
    splits: tuple[str, str]
    captions: tuple[str, str]


def normalise(caption: str) -> str:
    """The words of a caption: no case, accents composed, no punctuation, single spaces.

    Example:
        >>> normalise("  A man,  cutting BREAD. ")
        'a man cutting bread'
    """
    folded = unicodedata.normalize("NFKC", caption).casefold()
    return " ".join(_WORD.findall(folded)) or " ".join(folded.split())


def near_duplicates(captions: Mapping[str, Iterable[str]], threshold: float = SIMILAR) -> list[NearDuplicate]:
    """Pairs of captions of two splits with similar words; each distinct pair once, most similar first.

    Two sets with Jaccard similarity t share a word among their ``n - ⌈t·n⌉ + 1`` rarest ones (prefix filtering:
    Chaudhuri et al., ICDE 2006; Bayardo et al., WWW 2007), so only these are looked up in the inverted index.

    Args:
        captions: Captions by split.
        threshold: Minimum similarity, above 0 and at most 1.
    """
    rows = [(split, text) for split, texts in captions.items() for text in sorted({normalise(t) for t in texts})]
    words = [frozenset(text.split()) for _, text in rows]
    counts = Counter(word for caption in words for word in caption)
    index: defaultdict[str, list[int]] = defaultdict(list)
    found = []
    for number, caption in enumerate(words):
        length = len(caption)
        rarest = sorted(caption, key=lambda word: (counts[word], word))[: length - _least(threshold * length) + 1]
        for other in {n for word in rarest for n in index[word]}:
            if rows[other][0] != rows[number][0]:
                shared = len(caption & words[other])
                similarity = shared / (length + len(words[other]) - shared)
                if similarity >= threshold:
                    found.append(_pair(rows[other], rows[number], similarity))
        for word in rarest:
            index[word].append(number)
    return sorted(found, key=lambda pair: (-pair.similarity, pair.captions, pair.splits))


def _least(value: float) -> int:
    """Round up, with tolerance for floating-point error."""
    return math.ceil(value - 1e-9)


def _pair(first: tuple[str, str], second: tuple[str, str], similarity: float) -> NearDuplicate:
    return NearDuplicate(similarity, (first[0], second[0]), (first[1], second[1]))
