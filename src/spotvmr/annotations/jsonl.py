"""The generic annotation format: JSON lines with the key names of QVHighlights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spotvmr.annotations.fields import above_zero, identifier, sentence, spans, words
from spotvmr.annotations.policies import AnnotationReport, AnnotationRow, clean
from spotvmr.annotations.sources import parse_json, read_lines
from spotvmr.errors import UserError
from spotvmr.types import Query

_WANTED = "the format is one JSON object a line"


def read_jsonl(path: Path) -> tuple[list[Query], AnnotationReport]:
    """Read the generic format, one object a line.

    Keys: ``{"qid": str or int, "query": str, "vid": str, "duration": seconds, "relevant_windows": [[start_s, end_s],
    …], "tags": [str, …]}``; ``relevant_windows`` may be absent when the ground truth is withheld. ``tags`` is
    optional. Other keys, such as QVHighlights' ``relevant_clip_ids``, and blank lines are ignored.

    Args:
        path: The file, UTF-8.

    Returns:
        The queries in the order of the file, and the report on dirty rows (``annotations.policies``).

    Raises:
        UserError: The file is absent, not UTF-8 or not this format (names the line), or no row is usable.
    """
    return clean(_rows(path), path)


def _rows(path: Path) -> Iterator[AnnotationRow]:
    """Rows, line by line, so that a message can name the line."""
    for where, line in read_lines(path):
        content = parse_json(line, where, _WANTED)
        if not isinstance(content, dict):
            raise UserError(f"{where} holds {type(content).__name__}, not an object; {_WANTED}")
        yield AnnotationRow(
            qid=identifier(content, "qid", where),
            text=sentence(content.get("query"), "query", where),
            video_id=identifier(content, "vid", where),
            duration_s=above_zero(content, "duration", "in seconds", where),
            windows_s=spans(content, "relevant_windows", where),
            tags=words(content, "tags", where),
            where=where,
        )
