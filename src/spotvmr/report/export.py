"""Comparison of runs as CSV and as LaTeX."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from spotvmr.report.axes import SHARING, seconds_per_query
from spotvmr.report.comparable import Group, differing, groups, heading, why_apart
from spotvmr.report.tables import HEADINGS, WORDS, cells, seconds_warning
from spotvmr.report.wording import MISSING
from spotvmr.types.record import LEVELS, UNIT, RunRecord

_PLAIN = (
    "name", "experiment", "arm", "dataset", "split", "n_queries", "iou_rule", "model", "selector", "budget", "seed",
    "created", "git",
)  # fmt: skip
_ESCAPES = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "≥": r"$\geq$", MISSING: "--", **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}  # fmt: skip


def csv_table(records: Sequence[RunRecord], level: str = "q1") -> str:
    """CSV with one row a run and the numbers of the record; shares are in [0, 1].

    Args:
        records: The runs.
        level: Queries that share a pass over a video; runs with equal numbers in column ``comparable`` are
            comparable in scores and in GFLOPs at this level.
    """
    rows = [_row(record, number) for number, group in enumerate(groups(records, level), 1) for record in group.members]
    columns = dict.fromkeys(column for row in rows for column in row)
    file = io.StringIO()
    writer = csv.DictWriter(file, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def _row(record: RunRecord, group: int) -> dict[str, Any]:
    row: dict[str, Any] = {"comparable": group} | {key: getattr(record, key) for key in _PLAIN}
    for metric, score in record.metrics.items():
        low, high = record.ci95.get(metric, (None, None))
        row |= {metric: score, f"{metric} low": low, f"{metric} high": high}
    row |= {"fraction_mean": record.selection.fraction_mean, "gt_clip_recall": record.selection.gt_clip_recall}
    row |= {f"gflops_per_query {level}": record.cost.gflops_per_query.get(level) for level in LEVELS}
    row |= {f"ratio_to_dense {level}": record.cost.ratio_to_dense.get(level) for level in LEVELS}
    return row | {
        "seconds_per_query": seconds_per_query(record),
        "cost_source": record.cost.source,
        "cpu": record.hardware.cpu,
        "cores": record.hardware.cores,
        "gpu": record.hardware.gpu,
    }


def latex_table(records: Sequence[RunRecord], level: str = "q1") -> str:
    r"""One ``table`` (package booktabs) for each group of comparable runs, for ``\input``.

    Args:
        records: The runs.
        level: Queries that share a pass over a video, for the GFLOPs.
    """
    found = groups(records, level)
    named = differing(found)
    comment = f"% {_escaped(why_apart(found))}\n" if named else ""
    return comment + "\n".join(_table(group, heading(group, named), level) for group in found)


def _table(group: Group, title: str, level: str) -> str:
    spec = "l" * WORDS + "r" * (len(HEADINGS) - WORDS)
    caption = f"{title}. {UNIT}; {SHARING[level]}, index included. {seconds_warning(group)}".rstrip()
    lines = [
        r"\begin{table}",
        f"\\caption{{{_escaped(caption)}}}",
        f"\\begin{{tabular}}{{{spec}}}",
        r"\toprule",
        _line([title.replace("\n", " ") for title in HEADINGS]),
        r"\midrule",
        *(_line(cells(record, level)) for record in group.members),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _line(words: Sequence[str]) -> str:
    # LaTeX reads a bracket at the start of a row as the option of the preceding line break.
    return " & ".join(f"{{{_escaped(word)}}}" for word in words) + r" \\"


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(sign, sign) for sign in " ".join(text.split()))
