"""Guesses the format of an annotation file, for error messages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_CHARADES = re.compile(r"\S+ +[0-9.]+ +[0-9.]+ *##")
_PER_VIDEO = {
    "tacos": {"fps", "num_frames", "timestamps", "sentences"},
    "activitynet": {"duration", "timestamps", "sentences"},
    "mad": {"movie", "timestamps", "sentence"},
}
"""Keys of the inner objects, for formats that are one object of objects."""
_LINE = {"qid", "query", "vid", "duration"}


def sniff(path: Path) -> str | None:
    """Guess the format of an annotation file from its first entry.

    Args:
        path: Any file.

    Returns:
        A name as in ``dataset.format``, or None when no format matches or the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, ValueError):
        return None
    first_line = text.partition("\n")[0]
    if _CHARADES.match(first_line):
        return "charades"
    return _of_json(_parsed(text)) or _of_line(_parsed(first_line))


def _of_json(content: Any) -> str | None:
    """Guess the format of a file that is one JSON value."""
    if not isinstance(content, dict) or not content:
        return None
    if isinstance(content.get("videos"), list):
        return "ego4d-nlq"
    first = next(iter(content.values()))
    keys = set(first) if isinstance(first, dict) else set()
    return next((name for name, needed in _PER_VIDEO.items() if needed <= keys), None)


def _of_line(content: Any) -> str | None:
    """Guess the format of a file of JSON lines."""
    if not isinstance(content, dict) or _LINE - set(content):
        return None
    return "qvhighlights" if "saliency_scores" in content else "jsonl"


def _parsed(text: str) -> Any:
    """Parse JSON; None when it is invalid."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
