"""Writes the records of an experiment to one file, ``results.jsonl``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spotvmr.system.files import write_text_atomic
from spotvmr.types.record import RunRecord


def collect(records: Sequence[RunRecord], folder: Path) -> Path:
    """Write ``results.jsonl`` of an experiment: one record a line, with the names of experiment and variant.

    Args:
        records: All records of the experiment; they replace the records in the file.
        folder: ``experiments/<claim>``.

    Returns:
        The file.

    Raises:
        UserError: The file cannot be written.
    """
    rows = [replace(record, experiment=folder.name, arm=_variant(record)) for record in records]
    path = folder / "results.jsonl"
    text = "".join(json.dumps(row.to_json(), ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    write_text_atomic(path, text)
    return path


def _variant(record: RunRecord) -> str:
    """Name of the variant: ``record.arm``, else "teacher", the selector of the main run, or the name of the run."""
    if record.arm:
        return record.arm
    if "-teacher-" in record.name:
        return "teacher"
    return record.selector if record.name == record.dataset else record.name
