"""Keeping the records of an experiment as one committed file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from spotvmr.system.files import write_text_atomic
from spotvmr.types.record import RunRecord


def collect(records: Sequence[RunRecord], folder: Path) -> Path:
    """Write ``results.jsonl`` of an experiment: a record a line, with the experiment's name and the arm.

    Args:
        records: All records of the experiment; they replace those that were there.
        folder: ``experiments/<claim>``.

    Returns:
        The file.

    Raises:
        UserError: The file cannot be written.
    """
    rows = [replace(record, experiment=folder.name, arm=_arm(record)) for record in records]
    path = folder / "results.jsonl"
    text = "".join(json.dumps(row.to_json(), ensure_ascii=False, allow_nan=False) + "\n" for row in rows)
    write_text_atomic(path, text)
    return path


def _arm(record: RunRecord) -> str:
    """Name of the arm: its own; else the teacher, what selected in the data set's main run, or the run's name."""
    if record.arm:
        return record.arm
    if "-teacher-" in record.name:
        return "teacher"
    return record.selector if record.name == record.dataset else record.name
