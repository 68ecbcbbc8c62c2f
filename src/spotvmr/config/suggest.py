"""Known names ordered by their likeness to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest_first(name: str, known: Iterable[str]) -> list[str]:
    """Order ``known`` by likeness to ``name``, the likest first; equals alphabetically.

    >>> nearest_first("unifrom", ["all", "spotter", "uniform"])
    ['uniform', 'spotter', 'all']
    """
    return sorted(known, key=lambda other: (-_likeness(name, other), other))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The sentence that ends an error about an unknown name.

    >>> did_you_mean("bugdet", ["budget", "seed"])
    "did you mean 'budget'?"
    """
    ordered = nearest_first(name, known)
    return f"did you mean '{ordered[0]}'?" if ordered else "nothing is known here"


def _likeness(name: str, other: str) -> float:
    """Likeness of the whole names or of their last dotted parts, so that ``lr`` finds ``trainer.lr``."""
    name, other = name.lower(), other.lower()
    whole = SequenceMatcher(None, name, other).ratio()
    last = SequenceMatcher(None, name.rpartition(".")[2], other.rpartition(".")[2]).ratio()
    return max(whole, 0.95 * last)
