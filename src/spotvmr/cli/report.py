"""``spotvmr report``: tables and a picture from the run records below a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotvmr.cli.arguments import Arguments
from spotvmr.config import Config
from spotvmr.errors import UserError
from spotvmr.types.record import LEVELS


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Print a table of all runs and draw the picture asked for.

    Returns:
        The folder, the records and the picture's path.

    Raises:
        UserError: No folder, no record in it, or an unknown level.
    """
    from spotvmr.report import collect, comparison_table, load_records, pareto_picture, print_table

    level = arguments.options.get("share", "q1")
    if level not in LEVELS:
        raise UserError(f"share={level} is unknown: choose from {', '.join(LEVELS)}")
    folder = Path(arguments.options.get("runs", config.paths.runs))
    records = load_records(folder)
    if not records:
        raise UserError(f"no run record below {folder}: train or evaluate first, or pass runs=FOLDER")
    if not arguments.json:
        print_table(comparison_table(records, level))
    picture = arguments.options.get("picture")
    if picture:
        pareto_picture(records, Path(picture), level)
        arguments.show(f"picture: {picture}")
    if target := arguments.options.get("collect"):
        arguments.show(f"records: {collect(records, Path(target))}")
    return {"runs": str(folder), "records": [record.to_json() for record in records], "picture": picture}
