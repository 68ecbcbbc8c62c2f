"""Writes the dashboard of a folder of run records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from spotvmr.errors import UserError
from spotvmr.report.load import find_records
from spotvmr.report.page.details import details
from spotvmr.report.page.html import json_text, packed, page_html
from spotvmr.report.page.queries import SharedQueries
from spotvmr.report.page.rows import comparisons, run_row
from spotvmr.system.files import write_bytes_atomic
from spotvmr.types.record import RunRecord

_QUERY_BYTES = 8_000_000
"""Maximum bytes of single queries after compression; with Plotly's 2 MB and 500 records the page stays under 15 MB."""


def write_page(folder: Path, path: Path) -> int:
    """Write the dashboard of all runs below a folder.

    Args:
        folder: Searched at any depth for ``record.json`` and ``results.jsonl``.
        path: The HTML file; it is self-contained and uses no network.

    Returns:
        Number of runs.

    Raises:
        UserError: No folder, no record in it, or the file cannot be written.
    """
    found = find_records(folder)
    if not found:
        raise UserError(f"no run record below {folder}: train or evaluate first, or pass runs=FOLDER")
    records = [record for _, record in found]
    rows = [run_row(record) for record in records]
    shared = SharedQueries()
    chunks = _add_details(found, rows, shared)
    data = {
        "made": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "runs": rows,
        "comparisons": comparisons(records),
    }
    write_bytes_atomic(path, page_html(data, {"queries": packed(json_text(shared.rows)), **chunks}))
    return len(records)


def _add_details(
    found: Sequence[tuple[Path, RunRecord]], rows: Sequence[dict[str, Any]], shared: SharedQueries
) -> dict[str, str]:
    """Add charts to the rows, and return the single queries of the newest runs as blocks, up to ``_QUERY_BYTES``."""
    chunks: dict[str, str] = {}
    room = _QUERY_BYTES
    for place in sorted(range(len(found)), key=lambda place: found[place][1].created, reverse=True):
        path, record = found[place]
        if path.name != "record.json" or (read := details(path.parent, record, shared)) is None:
            continue
        rows[place]["charts"], chunk = read
        text = packed(json_text(chunk))
        room -= len(text)
        if room >= 0:
            rows[place]["chunk"] = f"run-{place}"
            chunks[f"run-{place}"] = text
    return chunks
