"""``spotvmr report``: tables, a picture and the dashboard from the run records below a folder."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.config import Config
from spotvmr.errors import UserError
from spotvmr.types.record import LEVELS, RunRecord

_FORMS = ("csv", "latex")


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Print a table of all runs, for people, machines or papers, and write the requested files.

    Returns:
        The folder, the records, which of them may be compared and why others may not, and the paths of the files.

    Raises:
        UserError: No folder, no record in it, an unknown level or form, or two that want stdout; with wandb= not logged
            in.
    """
    from spotvmr.report import load_records

    if project := arguments.options.get("wandb"):
        return _on_wandb(project, arguments)
    level = arguments.options.get("share", "q1")
    if level not in LEVELS:
        raise UserError(f"share={level} is unknown: choose from {', '.join(LEVELS)}")
    _check_table(arguments)
    folder = Path(arguments.options.get("runs", config.paths.runs))
    records = load_records(folder)
    if not records:
        raise UserError(f"no run record below {folder}: train or evaluate first, or pass runs=FOLDER")
    _print(arguments, records, level)
    written = _write(arguments, folder, records, level)
    result = {"runs": str(folder), "records": [record.to_json() for record in records], **_comparison(records, level)}
    return result | {kind: written.get(kind) for kind in ("picture", "html")}


def _check_table(arguments: Arguments) -> None:
    form = arguments.options.get("table")
    if form not in (None, *_FORMS):
        raise UserError(f"table={form} is unknown: choose from {', '.join(_FORMS)}")
    if form and arguments.json:
        raise UserError(f"--json and --{form} both want standard output: leave out one")


def _print(arguments: Arguments, records: Sequence[RunRecord], level: str) -> None:
    """The table on stdout, in the requested form."""
    from spotvmr.report import comparison_table, csv_table, latex_table, print_table

    if form := arguments.options.get("table"):
        sys.stdout.write((csv_table if form == "csv" else latex_table)(records, level))
    elif not arguments.json:
        print_table(comparison_table(records, level))


def _on_wandb(project: str, arguments: Arguments) -> dict[str, Any]:
    """Make the comparison of a W&B project, of the runs there; those on this disk have no part in it."""
    from spotvmr.report.wandb_workspace import save_workspace

    url = save_workspace(project)
    arguments.show(f"comparison: {url}")
    return {"wandb": url}


def _write(arguments: Arguments, folder: Path, records: Sequence[RunRecord], level: str) -> dict[str, str]:
    """Write the files that options ask for, each with a line that says where; give their paths."""
    from spotvmr.report import collect, pareto_picture, write_page

    writers: dict[str, Callable[[Path], object]] = {
        "picture": lambda path: pareto_picture(records, path, level),
        "html": lambda path: write_page(folder, path),
    }
    written = {kind: arguments.options[kind] for kind in writers if arguments.options.get(kind)}
    for kind, path in written.items():
        writers[kind](Path(path))
        arguments.show(f"{kind}: {path}")
    if target := arguments.options.get("collect"):
        arguments.show(f"records: {collect(records, Path(target))}")
    return written


def _comparison(records: Sequence[RunRecord], level: str) -> dict[str, Any]:
    """Which runs may be compared, for machines."""
    from spotvmr.report import groups, why_apart

    found = groups(records, level)
    sets = [{"terms": dict(group.terms), "runs": [record.name for record in group.members]} for group in found]
    return {"comparable": sets, "why_apart": why_apart(found)}
