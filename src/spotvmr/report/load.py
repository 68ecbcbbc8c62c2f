"""Finds and reads the run records below a folder."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

from spotvmr.errors import UserError
from spotvmr.types.record import RunRecord, read_record

_log = logging.getLogger(__name__)


def load_records(folder: Path) -> list[RunRecord]:
    """Read every ``record.json`` and every line of every ``results.jsonl`` below ``folder``.

    Broken records are skipped with one warning each, so that one bad run does not hide the others.

    Args:
        folder: Such as ``runs`` or ``experiments``; searched at any depth.

    Returns:
        The records in the order of their paths and lines.

    Raises:
        UserError: ``folder`` is absent or no folder.
    """
    return [record for _, record in find_records(folder)]


def find_records(folder: Path) -> list[tuple[Path, RunRecord]]:
    """Read records as ``load_records`` does, each with the path of its file."""
    if not folder.is_dir():
        raise UserError(f"no folder of run records at {folder}: train or evaluate first, or pass runs=FOLDER")
    paths = sorted([*folder.rglob("record.json"), *folder.rglob("results.jsonl")])
    return [(path, record) for path in paths for record in _read(path)]


def _read(path: Path) -> Iterator[RunRecord]:
    try:
        if path.suffix == ".json":
            yield read_record(path)
            return
        # Not splitlines(): U+2028 is legal inside a JSON string.
        lines = path.read_text(encoding="utf-8").split("\n")
    except (UserError, OSError, ValueError) as error:
        _log.warning("skipped a run record: %s", error)
        return
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield from _read_line(line, f"{path}, line {number}")


def _read_line(line: str, where: str) -> Iterator[RunRecord]:
    try:
        yield RunRecord.from_json(json.loads(line), where)
    except (UserError, ValueError) as error:
        message = str(error) if isinstance(error, UserError) else f"{where}: {error}"
        _log.warning("skipped a run record: %s", message)
