"""Tables of run records for the terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from spotvmr.report.sections import seconds_per_query, sections
from spotvmr.report.wording import amount, interval, percent, printable
from spotvmr.types.record import UNIT, RunRecord

# Wide enough for every column when the output is a file or a pipe, whose width is unknown.
_PIPE_WIDTH = 130

_COLUMNS = (
    "name",
    "model",
    "selector",
    "budget\n%",
    "R1@0.3 %\n[95 %]",
    "R1@0.5\n%",
    "R5@0.3\n%",
    "mIoU\n%",
    "clips\nused %",
    "GFLOPs\na query",
    "ratio\nto dense",
    "seconds\na query",
)
_WORDS = 3  # leading columns that hold words and are set to the left


def comparison_table(records: Iterable[RunRecord], level: str = "q1") -> Table:
    """Set runs side by side; those that cannot be compared stand in tables of their own.

    Args:
        records: The runs.
        level: Queries that share a pass over a video, for the GFLOPs: "q1", "q10" or "all".

    Returns:
        A grid of one table for each data set, split, number of queries, IoU rule and source of costs.
    """
    grid = Table.grid()
    for terms, members in sections(records).items():
        table = _sheet(printable(str(terms)))
        table.caption = _caption(level)
        for index, heading in enumerate(_COLUMNS):
            words = index < _WORDS
            table.add_column(Text(heading), justify="left" if words else "right", overflow="fold", no_wrap=not words)
        for record in members:
            table.add_row(*(Text(cell) for cell in _cells(record, level)))
        grid.add_row(table)
    return grid


def _sheet(title: str) -> Table:
    return Table(
        title=Text(title, style="bold"),
        title_justify="left",
        caption_justify="left",
        caption_style="dim",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )


def _caption(level: str) -> Text:
    shared = {"q1": "one query a video", "q10": "ten queries a video", "all": "all queries of a video together"}[level]
    return Text(f"{UNIT}; {shared}, index included; dense: the expert on every clip, no index.")


def _cells(record: RunRecord, level: str) -> tuple[str, ...]:
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
    """Print a table to a terminal in its width, or to a file or pipe in full width and without colour.

    Args:
        table: Any of this room's tables.
        file: Where to; stdout when None.
    """
    console = Console(file=file, highlight=False)
    if not console.is_terminal:
        console = Console(file=file, highlight=False, width=_PIPE_WIDTH, color_system=None)
    console.print(table)
