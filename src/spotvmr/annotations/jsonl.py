"""The generic annotation format: JSON lines, as QVHighlights has them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from spotvmr.annotations.policies import AnnotationReport, Row, clean
from spotvmr.errors import UserError
from spotvmr.types import Query


def read_jsonl(path: Path) -> tuple[list[Query], AnnotationReport]:
    """Read the generic format, one object a line.

    ``{"qid": str or int, "query": str, "vid": str, "duration": seconds, "relevant_windows": [[start_s, end_s], …],
    "tags": [str, …]}``; ``relevant_windows`` may be absent where the truth is withheld, ``tags`` always, other
    keys are ignored, and so are blank lines.

    Args:
        path: The file, UTF-8.

    Returns:
        The queries in the order of the file, and what became of dirty rows (``annotations.policies``).

    Raises:
        UserError: The file is absent, not UTF-8 or not this format (names the line), or no row is usable.
    """
    return clean(_rows(path), path)


def _rows(path: Path) -> Iterator[Row]:
    """Parse line by line, so that a message can name the line."""
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        raise UserError(f"annotation file {path} cannot be read ({error.strerror}); check dataset.root") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _row(line, f"{path}:{number}")


def _row(line: bytes, where: str) -> Row:
    """One line as a row."""
    try:
        content = json.loads(line.decode())
    except UnicodeDecodeError as error:
        raise UserError(f"{where} is not UTF-8 ({error.reason}); save the file as UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is not JSON ({error}); the format is one JSON object a line") from None
    if not isinstance(content, dict):
        raise UserError(f"{where} holds {type(content).__name__}, not an object; the format is one JSON object a line")
    return Row(
        qid=_identifier(content, "qid", where),
        text=_text(content, where),
        video_id=_identifier(content, "vid", where),
        duration_s=_duration(content, where),
        windows_s=_windows(content, where),
        tags=_tags(content, where),
        where=where,
    )


def _identifier(content: dict[str, Any], name: str, where: str) -> str:
    """An id, number or string, as a string."""
    value = content.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)) or value == "":
        raise UserError(f'{where} needs "{name}" as a string or whole number, has {_shown(value)}')
    return str(value)


def _text(content: dict[str, Any], where: str) -> str:
    """The sentence; blank if absent."""
    value = content.get("query")
    if value is not None and not isinstance(value, str):
        raise UserError(f'{where} needs "query" as a string, has {_shown(value)}')
    return value or ""


def _duration(content: dict[str, Any], where: str) -> float:
    """The length of the video in seconds; NaN passes, for the policies to count."""
    value = content.get("duration")
    if not _is_number(value) or value <= 0:
        raise UserError(f'{where} needs "duration" in seconds, above 0, has {_shown(value)}')
    return _float(value)


def _windows(content: dict[str, Any], where: str) -> tuple[tuple[float, float], ...]:
    """The true moments as the file has them."""
    value = content.get("relevant_windows")
    windows = [] if value is None else value
    if not isinstance(windows, list) or not all(map(_is_window, windows)):
        raise UserError(f'{where} needs "relevant_windows" as [[start_s, end_s], …], has {_shown(value)}')
    return tuple((_float(start), _float(end)) for start, end in windows)


def _tags(content: dict[str, Any], where: str) -> tuple[str, ...]:
    """The groups a query belongs to."""
    value = content.get("tags", [])
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        raise UserError(f'{where} needs "tags" as a list of strings, has {_shown(value)}')
    return tuple(value)


def _is_window(value: object) -> bool:
    """Whether a value is a pair of numbers; an unset time (null) is none."""
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def _is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a JSON number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _float(value: float) -> float:
    """A JSON number as float; whole numbers beyond its range become infinite, which the policies drop."""
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def _shown(value: object) -> str:
    """A value for a message, cut to a line's part."""
    return "nothing" if value is None else repr(value)[:60]
