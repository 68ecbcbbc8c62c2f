"""Reads annotation files as UTF-8 text and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spotvmr.errors import UserError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_lines(path: Path) -> Iterator[tuple[str, str]]:
    r"""Read a file line by line, without blank lines.

    Only ``\n`` ends a line: a sentence may contain U+2028 and similar characters.

    Yields:
        The place ``file:number``, and the line.

    Raises:
        UserError: The file cannot be read, or a line is not UTF-8 (names the line).
    """
    for number, line in enumerate(_content(path).split(b"\n"), start=1):
        if line.strip():
            yield f"{path}:{number}", _decoded(line, f"{path}:{number}")


def read_json(path: Path) -> Any:
    """Read a file that is one JSON value.

    Raises:
        UserError: The file cannot be read, is not UTF-8 or not JSON, or an object has a key twice.
    """
    return parse_json(read_text(path), str(path), "the format is one JSON object")


def read_text(path: Path) -> str:
    """Read a whole file.

    Raises:
        UserError: The file cannot be read or is not UTF-8.
    """
    return _decoded(_content(path), str(path))


def parse_json(text: str, where: str, wanted: str) -> Any:
    """Parse JSON.

    Args:
        text: The JSON.
        where: Its place, for messages.
        wanted: Description of the format, for messages.

    Raises:
        UserError: It is not JSON, is nested too deeply, or an object has a key twice.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is not JSON ({error}); {wanted}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object without duplicate keys. Python would silently keep the last one and lose queries."""
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in content if names.count(name) > 1)
        raise ValueError(f"an object has the key {twice[:60]!r} twice")
    return content


def _content(path: Path) -> bytes:
    """The bytes of a file without a byte order mark."""
    try:
        return path.read_bytes().removeprefix(_BYTE_ORDER_MARK)
    except OSError as error:
        raise UserError(f"annotation file {path} cannot be read ({error.strerror}); check dataset.root") from error


def _decoded(content: bytes, where: str) -> str:
    """Decode bytes as UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{where} is not UTF-8 ({error.reason}); save the file as UTF-8") from None
