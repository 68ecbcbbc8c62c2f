"""Tables of run records for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spotvmr.report.axes import SECONDS, SHARING, seconds_per_query
from spotvmr.report.comparable import Group, differing, groups, heading, machine, why_apart
from spotvmr.report.wording import amount, interval, percent, printable
from spotvmr.types.record import UNIT, RunRecord

# A file or a pipe has no width: this one fits every column.
_PIPE_WIDTH = 130

HEADINGS = (
    "name",
    "model",
    "selector",
    "budget\n%",
    "R1@0.3 %\n[95 %]",
    "R1@0.5\n%",
    "R5@0.3\n%",
    "mIoU\n%",
    "expert\nclips %",
    "GFLOPs\na query",
    "ratio\nto dense",
    "seconds\na query",
)
WORDS = 3
"""Number of leading text columns, aligned to the left."""


def comparison_table(records: Iterable[RunRecord], level: str = "q1") -> Table:
    """Table of runs; each group of comparable runs gets its own table.

    Args:
        records: The runs.
        level: Queries that share a pass over a video, for the GFLOPs: "q1", "q10" or "all".

    Returns:
        A grid with one table for each set of ``comparable.terms``, and a line that names their differences.
    """
    grid = Table.grid()
    found = groups(records, level)
    for group in found:
        table = _sheet(printable(heading(group, differing(found))))
        table.caption = _caption(group, level)
        for index, title in enumerate(HEADINGS):
            words = index < WORDS
            table.add_column(Text(title), justify="left" if words else "right", overflow="fold", no_wrap=not words)
        for record in group.members:
            table.add_row(*(Text(cell) for cell in cells(record, level)))
        grid.add_row(table)
    if why := why_apart(found):
        grid.add_row(Text(printable(why), style="yellow"))
    return grid


def seconds_warning(group: Group) -> str:
    """A warning that seconds come from several machines; empty when all runs used one machine."""
    machines = dict.fromkeys(machine(record) for record in group.members)
    several = "hardware" in differing(groups(group.members, SECONDS))
    return f"Seconds are those of several machines ({'; '.join(machines)}): do not compare them." if several else ""


def _sheet(title: str) -> Table:
    return Table(
        title=Text(title, style="bold"),
        title_justify="left",
        caption_justify="left",
        caption_style="dim",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )


def _caption(group: Group, level: str) -> Text:
    usual = f"{UNIT}; {SHARING[level]}, index included; dense: the expert on every clip, no index."
    return Text(printable(f"{usual} {seconds_warning(group)}".rstrip()))


def cells(record: RunRecord, level: str) -> tuple[str, ...]:
    """Cells of one run, in the order of ``HEADINGS``."""
    metrics, cost = record.metrics, record.cost
    return (
        printable(record.arm or record.name),
        printable(record.model),
        printable(record.selector),
        percent(record.budget),
        f"{percent(metrics.get('R1@0.3'))} {interval(record.ci95.get('R1@0.3'), 0)}".rstrip(),
        *(percent(metrics.get(key)) for key in ("R1@0.5", "R5@0.3", "mIoU")),
        percent(record.selection.fraction_mean),
        amount(cost.gflops_per_query.get(level)),
        amount(cost.ratio_to_dense.get(level)),
        amount(seconds_per_query(record)),
    )


def print_table(table: Table, file: TextIO | None = None) -> None:
    """Print a table: in the width of a terminal, or to a file or pipe in full width and without colour.

    Args:
        table: Any table of this package.
        file: Output; stdout when None.
    """
    console = Console(file=file, highlight=False)
    if not console.is_terminal:
        console = Console(file=file, highlight=False, width=_PIPE_WIDTH, color_system=None)
    console.print(table)
