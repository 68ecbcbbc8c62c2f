"""A picture of R1@0.3 against GFLOPs a query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from spotvmr.errors import UserError
from spotvmr.report.axes import SHARING
from spotvmr.report.comparable import differing, groups, heading
from spotvmr.report.pictures.canvas import SELECTOR_COLOURS, SKY, canvas
from spotvmr.report.wording import percent, printable
from spotvmr.types.record import RunRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

_METRIC = "R1@0.3"
_PANEL_IN = 4.2


@dataclass(frozen=True)
class _Point:
    gflops: float
    score: float  # per cent
    bars: tuple[float, float]  # per cent below and above
    curve: tuple[str, str, int]  # model, selector, seed: runs with equal values form one curve
    selector: str
    budget: float
    label: str


def pareto_picture(records: Sequence[RunRecord], path: Path, level: str = "q1") -> None:
    """Draw R1@0.3 with its 95 % interval over GFLOPs a query (log scale) into a PNG 1600 px wide.

    Each group of comparable runs gets its own panel. Lines join the runs of one model, selector and seed in the order
    of their budgets. A run without a score or a cost is omitted.

    Args:
        records: The runs.
        path: The PNG file.
        level: Queries that share a pass over a video: "q1", "q10" or "all".

    Raises:
        UserError: No run has both a score and a cost, or the file cannot be written.
    """
    found = groups(records, level)
    panels = [
        (heading(group, differing(found)), points)
        for group in found
        if (points := [point for record in group.members for point in _points(record, level)])
    ]
    if not panels:
        raise UserError(f"none of the {len(records)} runs has both {_METRIC} and GFLOPs a query; evaluate one first")
    with canvas(_PANEL_IN * len(panels), path) as figure:
        figure.set_layout_engine("constrained")
        axes = figure.subplots(len(panels), 1, squeeze=False)[:, 0]
        for place, (title, points) in zip(axes, panels, strict=True):
            _draw(place, printable(title), points)
            place.set_xlabel(f"GFLOPs a query, 2 per multiply-add, {SHARING[level]}, index included")
        # Labels are placed by their size in the final layout.
        figure.draw_without_rendering()
        for place, (_, points) in zip(axes, panels, strict=True):
            _label(place, points)


def _points(record: RunRecord, level: str) -> list[_Point]:
    gflops, score = record.cost.gflops_per_query.get(level), record.metrics.get(_METRIC)
    if score is None or gflops is None or gflops <= 0:
        return []
    low, high = record.ci95.get(_METRIC, (None, None))
    below = 0.0 if low is None else max(0.0, score - low)
    above = 0.0 if high is None else max(0.0, high - score)
    curve = (record.model, record.selector, record.seed)
    bars = (100 * below, 100 * above)
    return [_Point(gflops, 100 * score, bars, curve, record.selector, record.budget, _name(record))]


def _name(record: RunRecord) -> str:
    if record.arm or record.selector in ("all", "none"):
        return printable(record.arm or record.selector)
    return printable(f"{record.selector} {percent(record.budget, 0)} %")


def _draw(axes: Axes, title: str, points: list[_Point]) -> None:
    axes.set_title(title, loc="left", fontsize=9.5, fontweight="bold", parse_math=False)
    axes.set_xscale("log")
    axes.set_ylabel(f"{_METRIC}, %, with 95 % interval")
    axes.grid()
    for curve in _curves(points):
        _draw_curve(axes, curve)
    _plain_ticks(axes, points)


def _curves(points: list[_Point]) -> list[list[_Point]]:
    ordered = sorted(points, key=lambda point: (point.budget, point.gflops))
    return [[point for point in ordered if point.curve == curve] for curve in dict.fromkeys(p.curve for p in points)]


def _draw_curve(axes: Axes, points: list[_Point]) -> None:
    axes.errorbar(
        [point.gflops for point in points],
        [point.score for point in points],
        yerr=[[point.bars[0] for point in points], [point.bars[1] for point in points]],
        color=_colour(points[0]), marker="o", markersize=6, linewidth=1.2, elinewidth=1.0, capsize=3,
    )  # fmt: skip


def _plain_ticks(axes: Axes, points: list[_Point]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    low, high = min(point.gflops for point in points), max(point.gflops for point in points)
    # Leave space for labels beside the outermost points, also for a single point.
    axes.set_xlim(low / 1.6, high * 1.9)
    wide = high / low > 1e3
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _colour(point: _Point) -> str:
    return SELECTOR_COLOURS.get(point.selector, SKY)


def _label(axes: Axes, points: list[_Point]) -> None:
    taken = [box for point in points for box in _bar_boxes(axes, point)]
    taken += [box for curve in _curves(points) for pair in pairwise(curve) for box in _line_boxes(axes, *pair)]
    # Runs of several seeds share a name: the best run gets the label.
    best = {point.label: point for point in sorted(points, key=lambda point: point.score)}
    for point in sorted(best.values(), key=lambda point: -point.score):
        taken.append(_place(axes, point, taken))


def _bar_boxes(axes: Axes, point: _Point) -> list[Bbox]:
    # Marker and error bar in pixels.
    below, above = point.bars
    x, low = axes.transData.transform((point.gflops, point.score - below))
    _, y = axes.transData.transform((point.gflops, point.score))
    _, high = axes.transData.transform((point.gflops, point.score + above))
    return [_box(x, y, 9), _box(x, low, 9, high - low)]


def _line_boxes(axes: Axes, start: _Point, end: _Point) -> list[Bbox]:
    # Small boxes along the line: its bounding box would cover far more than the line does.
    (x0, y0), (x1, y1) = (axes.transData.transform((point.gflops, point.score)) for point in (start, end))
    fractions = [step / 40 for step in range(41)]
    return [_box(x0 + (x1 - x0) * at, y0 + (y1 - y0) * at, 3) for at in fractions]


def _box(x: float, y: float, half: float, height: float = 0.0) -> Bbox:
    from matplotlib.transforms import Bbox

    return Bbox.from_extents(x - half, y - half, x + half, y + height + half)


def _place(axes: Axes, point: _Point, taken: list[Bbox]) -> Bbox:
    # Candidate positions beside the point, then further above and below: the one with the fewest overlaps wins.
    offsets = [(side * 8, lift) for lift in (0, 8, -8, 14, -14, 22, -22, 32, -32) for side in (1, -1)]
    text = axes.annotate(
        point.label, (point.gflops, point.score), xytext=offsets[0], textcoords="offset points",
        va="center", fontsize=8, parse_math=False, color=_colour(point),
    )  # fmt: skip

    def overlaps(offset: tuple[int, int]) -> int:
        _move(text, offset)
        box = text.get_window_extent()
        outside = box.x0 < axes.bbox.x0 or box.x1 > axes.bbox.x1 or box.y0 < axes.bbox.y0
        return sum(box.overlaps(other) for other in taken) + 100 * outside

    _move(text, min(offsets, key=overlaps))
    return text.get_window_extent()


def _move(text: Annotation, offset: tuple[int, int]) -> None:
    text.set_position(offset)
    text.set_horizontalalignment("left" if offset[0] > 0 else "right")
