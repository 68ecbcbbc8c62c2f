"""Recall against the share of clips with expert features: curves of arms over their seeds, and their teachers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import TYPE_CHECKING

from spotvmr.report.pictures.canvas import INK
from spotvmr.types.record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCORE = "R1@0.3"


def draw_arm(axes: Axes, records: Sequence[RunRecord], label: str, style: str, colour: str) -> None:
    """Draw one arm: a line through the means over seeds, each seed as a faint mark.

    Args:
        axes: Where.
        records: Of one arm, at any number of budgets and seeds; without any nothing is drawn.
        label: For the legend.
        style: Marker and line as Matplotlib writes them, such as ``o-``.
        colour: Of both.
    """
    asked = [[r for r in records if r.budget == budget] for budget in sorted({r.budget for r in records})]
    if not asked:
        return
    means = [(mean(map(spent, alike)), mean(map(score, alike))) for alike in asked]
    axes.plot(*zip(*means, strict=True), style, color=colour, label=label, markersize=6, linewidth=1.4)
    axes.plot(
        [spent(r) for r in records], [score(r) for r in records], ".", color=colour, markersize=4, alpha=0.5, zorder=1.5
    )


def draw_teachers(axes: Axes, records: Sequence[RunRecord]) -> None:
    """Draw the mean of some teachers as a line across, and their spread as a band."""
    scores = [score(record) for record in records]
    axes.axhspan(min(scores), max(scores), color=INK, alpha=0.1, linewidth=0)
    axes.axhline(mean(scores), color=INK, linewidth=1, label="teacher: the expert on every clip")


def budget_axis(axes: Axes, budgets: Sequence[float]) -> None:
    """Put these shares of the clips, in per cent, on a logarithmic axis."""
    log_axis(axes, {100 * budget: f"{100 * budget:g}" for budget in budgets})


def log_axis(axes: Axes, ticks: Mapping[float, str]) -> None:
    """Make the horizontal axis logarithmic with these places, in these words, and lay a grid behind."""
    axes.set_xscale("log")
    axes.set_xticks(list(ticks), list(ticks.values()))
    axes.set_xticks([], minor=True)
    axes.grid()


def score(record: RunRecord) -> float:
    """R1@0.3 in per cent; 0 where nothing was scored."""
    return 100 * (record.metrics[SCORE] or 0.0)


def spent(record: RunRecord) -> float:
    """Per cent of the clips that a query spent, on average."""
    return 100 * (record.selection.fraction_mean or 0.0)
