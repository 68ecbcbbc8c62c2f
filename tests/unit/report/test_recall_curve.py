"""Curves of recall against budget: what is drawn where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spotvmr.report.pictures.recall_curve import budget_axis, draw_selector, draw_teachers
from spotvmr.types.record import RunRecord


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def test_a_line_runs_through_the_means_and_every_seed_has_a_mark(
    axes: Axes, make_record: Callable[..., RunRecord]
) -> None:
    runs = [
        make_record(budget=0.1, score=0.8),
        make_record(budget=0.05, score=0.6),
        make_record(budget=0.05, score=0.7),
    ]
    draw_selector(axes, runs, "spotter", "o-", "black")
    line, marks = axes.get_lines()
    np.testing.assert_allclose(line.get_xydata(), [[5, 65], [10, 80]])
    np.testing.assert_allclose(sorted(marks.get_xydata().tolist()), [[5, 60], [5, 70], [10, 80]])
    assert line.get_label() == "spotter"


def test_a_curve_shows_the_measured_share_of_clips_and_not_the_budget(
    axes: Axes, make_record: Callable[..., RunRecord]
) -> None:
    run = make_record(budget=0.1)
    draw_selector(axes, [replace(run, selection=replace(run.selection, fraction_mean=0.07))], "soft", "o-", "black")
    assert axes.get_lines()[0].get_xdata() == pytest.approx([7])


def test_a_selector_without_runs_is_not_in_the_legend(axes: Axes) -> None:
    draw_selector(axes, [], "random", "o-", "black")
    assert not axes.get_legend_handles_labels()[1]


def test_teachers_are_a_line_across_and_a_band(axes: Axes, make_record: Callable[..., RunRecord]) -> None:
    draw_teachers(axes, [make_record(score=0.8), make_record(score=0.84)])
    assert axes.get_lines()[0].get_ydata() == pytest.approx([82, 82])
    assert axes.patches[0].get_bbox().extents[[1, 3]] == pytest.approx([80, 84])


def test_budgets_are_ticks_in_per_cent(axes: Axes) -> None:
    budget_axis(axes, [0.025, 1.0])
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["2.5", "100"]
    assert axes.get_xscale() == "log"
