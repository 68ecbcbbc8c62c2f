"""Curves of recall against the share of expert clips: one a selector, averaged over seeds, and the teachers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import TYPE_CHECKING

from spotvmr.report.pictures.canvas import INK
from spotvmr.types.record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCORE = "R1@0.3"


def draw_selector(axes: Axes, records: Sequence[RunRecord], label: str, style: str, colour: str) -> None:
    """Draw one curve: a line through the means over seeds, and a faint mark for each run.

    Args:
        axes: Axes to draw on.
        records: Records of one selector at any number of budgets and seeds; without records nothing is drawn.
        label: Text in the legend.
        style: Marker and line as Matplotlib writes them, such as ``o-``.
        colour: Colour of line and marks.
    """
    by_budget = [[r for r in records if r.budget == budget] for budget in sorted({r.budget for r in records})]
    if not by_budget:
        return
    means = [(mean(map(clip_share, runs)), mean(map(score, runs))) for runs in by_budget]
    axes.plot(*zip(*means, strict=True), style, color=colour, label=label, markersize=6, linewidth=1.4)
    axes.plot(
        [clip_share(r) for r in records],
        [score(r) for r in records],
        ".",
        color=colour,
        markersize=4,
        alpha=0.5,
        zorder=1.5,
    )


def draw_teachers(axes: Axes, records: Sequence[RunRecord]) -> None:
    """Draw the mean of the teachers as a horizontal line, and their range as a band."""
    scores = [score(record) for record in records]
    axes.axhspan(min(scores), max(scores), color=INK, alpha=0.1, linewidth=0)
    axes.axhline(mean(scores), color=INK, linewidth=1, label="teacher: the expert on every clip")


def budget_axis(axes: Axes, budgets: Sequence[float]) -> None:
    """Make the horizontal axis logarithmic, with ticks at these budgets in per cent."""
    log_axis(axes, {100 * budget: f"{100 * budget:g}" for budget in budgets})


def log_axis(axes: Axes, ticks: Mapping[float, str]) -> None:
    """Make the horizontal axis logarithmic, with these ticks and labels and a grid."""
    axes.set_xscale("log")
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set_xticks([], minor=True)
    axes.grid()


def score(record: RunRecord) -> float:
    """R1@0.3 in per cent; 0 when nothing was scored."""
    return 100 * (record.metrics[SCORE] or 0.0)


def clip_share(record: RunRecord) -> float:
    """Mean share of expert clips a query, in per cent."""
    return 100 * (record.selection.fraction_mean or 0.0)
