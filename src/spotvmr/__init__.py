"""Budgeted video moment retrieval: the expensive encoder runs on few clips of a video.

The names of ``__all__`` are the public interface. Each is imported at its first use, for ``import spotvmr`` alone
loads no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotvmr.errors import UserError
    from spotvmr.retrieval import Answer, Retriever, Video
    from spotvmr.types import Moment

__version__ = "0.1.0"

__all__ = ["Answer", "Moment", "Retriever", "UserError", "Video", "__version__"]

_MODULES = {
    "Answer": "spotvmr.retrieval.answer",
    "Moment": "spotvmr.types",
    "Retriever": "spotvmr.retrieval",
    "UserError": "spotvmr.errors",
    "Video": "spotvmr.retrieval",
}


def __getattr__(name: str) -> object:
    """Import a public name from its module (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(_MODULES[name]), name)
    return found


def __dir__() -> list[str]:
    """The public names and those that every module has."""
    return sorted({*globals(), *__all__})
