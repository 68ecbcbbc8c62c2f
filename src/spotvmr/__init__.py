"""Budgeted video moment retrieval: spend the expensive encoder only where it pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spotvmr.retrieval import Answer as Answer
    from spotvmr.retrieval import Retriever as Retriever

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Import the public names when they are asked for: ``import spotvmr`` alone must not load torch."""
    if name in ("Answer", "Retriever"):
        from spotvmr import retrieval

        return getattr(retrieval, name)
    raise AttributeError(f"module 'spotvmr' has no attribute {name!r}")
