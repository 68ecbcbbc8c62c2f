"""``spotvmr bench``: how fast the parts are on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spotvmr.cli.arguments import Arguments
from spotvmr.config import Config


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Time the parts, print them with their limits, keep the numbers in ``<runs>/bench/speed.json``.

    Returns:
        Each benchmark with its median and its limit.
    """
    from rich.table import Table

    from spotvmr.engine.speed import measure
    from spotvmr.report import print_table
    from spotvmr.types.files import write_text_atomic

    rows = measure()
    path = Path(config.paths.runs) / "bench" / "speed.json"
    write_text_atomic(path, json.dumps(rows, indent=1) + "\n")
    table = Table("what", "median", "limit", "")
    for row in rows:
        limit = f"{row['limit']:g}" if row["limit"] else ""
        state = "" if not row["limit"] else "ok" if row["median"] <= row["limit"] else "MISSED"
        table.add_row(row["what"], f"{row['median']:.3g} {row['unit']}", limit, state)
    if not arguments.json:
        print_table(table)
    arguments.show(f"numbers: {path}")
    return {"benchmarks": rows}
