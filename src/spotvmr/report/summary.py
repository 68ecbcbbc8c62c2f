"""The table at the end of a training: teacher against student."""

from __future__ import annotations

from collections.abc import Callable

from rich import box
from rich.table import Table
from rich.text import Text

from spotvmr.report.axes import seconds_per_query
from spotvmr.report.wording import MISSING, amount, interval, percent, printable
from spotvmr.types.record import UNIT, RunRecord

_METRICS = ("R1@0.3", "R1@0.5", "R5@0.3", "mIoU")
_SHARED_TERMS = ("dataset", "split", "n_queries", "iou_rule")


def train_summary(teacher: RunRecord, student: RunRecord) -> Table:
    """Compare the student with its teacher: scores, expert clips, cost and time, in at most 100 columns.

    Args:
        teacher: The VMR model on all clips.
        student: The same model on selected clips.

    Raises:
        ValueError: The two were not scored on the same queries by the same rule.
    """
    if differing := [term for term in _SHARED_TERMS if getattr(teacher, term) != getattr(student, term)]:
        raise ValueError(f"teacher and student differ in {', '.join(differing)} and cannot be compared")
    table = Table(
        title=Text(_title(student), style="bold"),
        title_justify="left",
        caption=Text(_caption(teacher, student)),
        caption_justify="left",
        caption_style="dim",
        box=box.SIMPLE_HEAD,
    )
    table.add_column("")
    for heading in (f"teacher\n{_selector(teacher)}", f"student\n{_selector(student)}", "student /\nteacher"):
        table.add_column(Text(heading), justify="right")
    _add_scores(table, teacher, student)
    table.add_section()
    _add_selection(table, teacher, student)
    table.add_section()
    _add_costs(table, teacher, student)
    return table


def _title(record: RunRecord) -> str:
    sign = "≥" if record.iou_rule == ">=" else ">"
    file = record.annotations.get(record.split, {}).get("file")
    split = f"{record.split} ({file})" if file else record.split
    return printable(
        f"{record.dataset}, {split}: {record.n_queries:,} queries on {record.n_videos:,} videos,"
        f" {record.hours:.1f} h; IoU {sign} threshold"
    )


def _caption(teacher: RunRecord, student: RunRecord) -> str:
    sources = " and ".join(dict.fromkeys((teacher.cost.source, student.cost.source)))
    machine = student.hardware.gpu or f"{student.hardware.cpu}, {student.hardware.cores} cores"
    return printable(f"{UNIT}; costs {sources}, index included; dense: the expert on every clip, no index. {machine}.")


def _selector(record: RunRecord) -> str:
    return printable(f"{record.selector}, {percent(record.budget, 0)} % of clips")


def _add_scores(table: Table, teacher: RunRecord, student: RunRecord) -> None:
    for key in _METRICS:
        cells = [
            f"{percent(record.metrics.get(key))} {interval(record.ci95.get(key))}".rstrip()
            for record in (teacher, student)
        ]
        _add(table, f"{key}, %", cells, _quotient(teacher.metrics.get(key), student.metrics.get(key)))
    for tag in student.groups:
        pair = [record.groups.get(tag, {}) for record in (teacher, student)]
        values = [group.get("R1@0.3") for group in pair]
        label = printable(f"R1@0.3, {tag} ({amount(pair[1].get('n'))}), %")
        _add(table, label, [percent(value) for value in values], _quotient(*values))


def _add_selection(table: Table, teacher: RunRecord, student: RunRecord) -> None:
    pair = (teacher.selection, student.selection)
    _add(table, "expert clips, mean %", [percent(item.fraction_mean) for item in pair])
    _add(table, "expert clips, maximum %", [percent(item.fraction_max) for item in pair])
    _add(table, "ground-truth clip recall, %", [percent(item.gt_clip_recall) for item in pair])


def _add_costs(table: Table, teacher: RunRecord, student: RunRecord) -> None:
    rows: list[tuple[str, Callable[[RunRecord], float | None], bool]] = [
        ("GFLOPs a query, one a video", lambda record: record.cost.gflops_per_query.get("q1"), True),
        ("GFLOPs a query, all of a video", lambda record: record.cost.gflops_per_query.get("all"), True),
        ("ratio to dense, one query a video", lambda record: record.cost.ratio_to_dense.get("q1"), False),
        ("seconds a query, decoding included", seconds_per_query, True),
    ]
    comparable = teacher.cost.source == student.cost.source
    for label, read, divide in rows:
        values = (read(teacher), read(student))
        quotient = _quotient(*values) if divide and comparable else ""
        _add(table, label, [amount(value) for value in values], quotient)


def _add(table: Table, label: str, cells: list[str], quotient: str = "") -> None:
    table.add_row(*(Text(cell) for cell in (label, *cells, quotient)))


def _quotient(teacher: float | None, student: float | None) -> str:
    return MISSING if teacher is None or student is None or teacher == 0 else f"{student / teacher:.3f}"
