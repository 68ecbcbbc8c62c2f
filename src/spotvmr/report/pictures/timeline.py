"""A picture of a few queries: ground truth, prediction and selected clips on a time line."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from spotvmr.report.pictures.canvas import FAINT, GREEN, GRID, INK, ORANGE, WIDTH_IN, canvas
from spotvmr.report.wording import clock, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEP_COLOURS = ("#8cc5ea", "#56a3d9", "#2f7fc1", "#6f6fd0", "#a457c2", "#d04fa0")  # from blue to red
_SCORE_LANES = 2.2  # height of the score curve in lanes
_LANE_IN = 0.2
_PAD_IN = 0.1  # above and below a title
_MAX_STEPS = 600  # of the curve: more steps would be narrower than its line
_LINE_IN = 0.17  # a line of the title
_GAP_IN = 0.36
_LEGEND_IN = 0.3
_LEFT_IN, _RIGHT_IN = 1.05, 0.3
_TITLE_SIGNS, _TITLE_LINES = 84, 2
_MIN_SHARE = 0.002  # minimum width of a bar, for long videos
_TICKS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000)


@dataclass(frozen=True)
class TimelineRow:
    """One query of the picture.

    Attributes:
        text: The sentence.
        duration_s: Length of the video, above zero.
        clip_s: Length of a clip.
        truth: Ground-truth moments as (start_s, end_s).
        predicted: Predicted moments as (start_s, end_s), best first. The best is drawn in full colour, the others pale.
        selected: Numbers of the clips selected in each step, in order.
        scores: The selector's score of every clip (T,), any scale; None when it gives none.
    """

    text: str
    duration_s: float
    clip_s: float
    truth: Sequence[tuple[float, float]]
    predicted: Sequence[tuple[float, float]]
    selected: Sequence[Sequence[int]] = ()
    scores: NDArray[np.floating] | None = None

    def __post_init__(self) -> None:
        """Refuse a row without extent."""
        if not (self.duration_s > 0 and self.clip_s > 0):
            raise ValueError(
                f"a time line needs a positive duration_s and clip_s, got {self.duration_s}, {self.clip_s}"
            )


def timeline_picture(rows: Sequence[TimelineRow], path: Path) -> None:
    """Draw the time line of every query below one another into a PNG 1600 px wide.

    Args:
        rows: At least one query; three to five stay readable.
        path: The PNG file.

    Raises:
        ValueError: No rows.
        UserError: The file cannot be written.
    """
    if not rows:
        raise ValueError("no query to draw")
    heights = [_height_in(row) for row in rows]
    total = sum(heights) + _GAP_IN * len(rows) + _LEGEND_IN
    with canvas(total, path) as figure:
        top = total
        for row, height in zip(rows, heights, strict=True):
            title_in = _LINE_IN * len(_title(row)) + _PAD_IN
            bottom = top - height
            span = (
                _LEFT_IN / WIDTH_IN,
                bottom / total,
                1 - (_LEFT_IN + _RIGHT_IN) / WIDTH_IN,
                (height - title_in) / total,
            )
            _draw(figure.add_axes(span), row)
            top = bottom - _GAP_IN
        figure.legend(
            handles=_legend(), loc="lower center", ncols=3, frameon=False,
            fontsize=8, handlelength=1.2, columnspacing=1.4, handletextpad=0.5,
        )  # fmt: skip


def _lanes(row: TimelineRow) -> list[tuple[str, float]]:
    # Names and heights from the top; a query without scores or steps gets no empty lanes.
    lanes = [("selector score", _SCORE_LANES)] if row.scores is not None else []
    lanes += [(f"clips, step {step}" if len(row.selected) > 1 else "clips", 1.0) for step in _steps(row)]
    return [*lanes, ("ground truth", 1.0), ("prediction", 1.0)]


def _steps(row: TimelineRow) -> range:
    return range(1, len(row.selected) + 1)


def _height_in(row: TimelineRow) -> float:
    lanes = sum(height for _, height in _lanes(row))
    return lanes * _LANE_IN + _LINE_IN * len(_title(row)) + _PAD_IN


def _title(row: TimelineRow) -> list[str]:
    text = printable(row.text).strip() or "(empty query)"
    return textwrap.wrap(text, _TITLE_SIGNS, max_lines=_TITLE_LINES, placeholder=" …")


def _draw(axes: Axes, row: TimelineRow) -> None:
    lanes = _lanes(row)
    # parse_math off: a query may hold dollar signs.
    axes.set_title("\n".join(_title(row)), loc="left", fontsize=9.5, fontweight="bold", parse_math=False, pad=4)
    for start_s, end_s in row.truth:
        left, width = _bar(start_s, end_s, row.duration_s)
        axes.axvspan(left, left + width, color=GREEN, alpha=0.13, linewidth=0)
    floor = sum(height for _, height in lanes)
    axes.set_ylim(0, floor)
    middles = []
    for name, height in lanes:
        floor -= height
        middles.append(floor + height / 2)
        _draw_lane(axes, row, name, floor, height)
        axes.axhline(floor, color=GRID, linewidth=0.6, zorder=0)
    axes.set_yticks(middles, [name for name, _ in lanes], fontsize=8)
    _time_axis(axes, row.duration_s)


def _draw_lane(axes: Axes, row: TimelineRow, name: str, floor: float, height: float) -> None:
    if name == "selector score":
        _draw_scores(axes, row, floor, height)
    elif name == "ground truth":
        _bars(axes, row, row.truth, floor, GREEN)
    elif name == "prediction":
        _bars(axes, row, row.predicted[1:], floor, ORANGE, alpha=0.3)
        _bars(axes, row, row.predicted[:1], floor, ORANGE)
    else:
        step = int(name.rpartition(" ")[2]) - 1 if len(row.selected) > 1 else 0
        _bars(axes, row, _runs(row.selected[step], row.clip_s), floor, _step_colour(step))


def _draw_scores(axes: Axes, row: TimelineRow, floor: float, height: float) -> None:
    scores = np.asarray(row.scores, dtype=np.float64)
    finite = scores[np.isfinite(scores)]
    if not finite.size:
        return
    low, high = float(finite.min()), float(finite.max())
    # Clips that cannot be selected may score minus infinity: they are drawn at the bottom.
    relative = np.where(np.isfinite(scores), scores - low, 0.0) / ((high - low) or 1.0)
    # For long videos the maximum over neighbouring clips is drawn: selectors choose the peaks.
    stride = -(-len(relative) // _MAX_STEPS)
    starts = np.arange(0, len(relative), stride)
    peaks = np.maximum.reduceat(relative, starts)
    edges_s = np.minimum(np.append(starts, len(relative)) * row.clip_s, row.duration_s)
    level = floor + height * (0.05 + 0.87 * peaks)
    axes.stairs(level, edges_s, baseline=floor, fill=True, color=FAINT, alpha=0.25)
    axes.stairs(level, edges_s, baseline=None, color=INK, linewidth=0.7)


def _bars(
    axes: Axes, row: TimelineRow, spans: Iterable[tuple[float, float]], floor: float, colour: str, alpha: float = 1.0
) -> None:
    boxes = [_bar(span[0], span[1], row.duration_s) for span in spans]
    axes.broken_barh(boxes, (floor + 0.15, 0.7), facecolors=colour, alpha=alpha, linewidth=0)


def _bar(start_s: float, end_s: float, duration_s: float) -> tuple[float, float]:
    # Left edge and width; a bar too short to be seen is widened about its middle.
    width = max(end_s - start_s, _MIN_SHARE * duration_s)
    return (start_s + end_s - width) / 2, width


def _runs(clips: Sequence[int], clip_s: float) -> list[tuple[float, float]]:
    # Neighbouring clips become one span: separate bars would show hairlines.
    spans: list[tuple[float, float]] = []
    for clip in sorted(set(clips)):
        start_s, end_s = clip * clip_s, (clip + 1) * clip_s
        if spans and abs(spans[-1][1] - start_s) < clip_s / 2:
            start_s = spans.pop()[0]
        spans.append((start_s, end_s))
    return spans


def _time_axis(axes: Axes, duration_s: float) -> None:
    step_s = next((step for step in _TICKS_S if duration_s / step <= 10), _TICKS_S[-1])
    ticks = np.arange(0, duration_s + 1e-6, step_s)
    axes.set_xlim(0, duration_s)
    axes.set_xticks(ticks, [clock(tick, hours=duration_s >= 3600) for tick in ticks], fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _step_colour(step: int) -> str:
    return _STEP_COLOURS[step % len(_STEP_COLOURS)]


def _legend() -> list[object]:
    from matplotlib.patches import Patch

    named = [("ground truth", GREEN, 1.0), ("best prediction", ORANGE, 1.0), ("other predictions", ORANGE, 0.3)]
    return [Patch(facecolor=colour, alpha=alpha, label=label) for label, colour, alpha in named]
