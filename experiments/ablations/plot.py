"""Draw the gain of each part of the spotter, ``curve.png``: ``python experiments/ablations/plot.py``.

From ``table.json`` here: R1@0.3 with the part minus that without it, in points, paired over queries, 95 % intervals.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from spotvmr.report.pictures.canvas import BLUE, INK, canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HERE = Path(__file__).resolve().parent
BUDGETS = (0.025, 0.05, 0.1)
EDGE = 16
"""Upper limit of the panels in points; a larger gain is written there as a number."""
PARTS = {
    "no_distill": "distillation",
    "no_fused": "distilled fused features",
    "no_heads": "distilled model outputs",
    "no_highlight": "distilled highlight scores",
    "scratch": "teacher's weights at the start",
    "scratch_no_distill": "teacher's weights, distillation",
    "steps_1": "6 steps instead of 1",
    "steps_2": "6 steps instead of 2",
    "steps_4": "6 steps instead of 4, at test",
    "shared_encoder": "separate preview encoder",
    "no_indicator": "indicator channel",
    "no_rerank": "scores in the ranking",
    "no_room": "index part: room",
    "no_object": "index part: object",
    "no_interaction": "index part: interaction",
}


def main() -> None:
    """Draw a panel for each budget with a line for each part."""
    leads = json.loads((HERE / "table.json").read_text())["leads"]
    with canvas(3.9, HERE / "curve.png") as figure:
        figure.set_layout_engine("constrained")
        panels = figure.subplots(1, len(BUDGETS), sharex=True, sharey=True)
        for axes, budget in zip(panels, BUDGETS, strict=True):
            draw(axes, {lead["rival"]: lead for lead in leads if lead["budget"] == budget})
            axes.set_title(f"{100 * budget:g} % of the clips", fontsize=9)
        panels[0].set_yticks(range(len(PARTS)), list(PARTS.values()))
        panels[0].invert_yaxis()
        figure.supxlabel("R1@0.3 with the part minus R1@0.3 without it, points", fontsize=9)


def draw(axes: Axes, leads: dict[str, dict[str, float]]) -> None:
    """Draw the differences at one budget with their intervals."""
    mean, low, high = ([100 * leads[part][name] for part in PARTS] for name in ("mean", "low", "high"))
    off = [[m - end for m, end in zip(mean, low, strict=True)], [end - m for m, end in zip(mean, high, strict=True)]]
    axes.axvline(0, color=INK, linewidth=1)
    axes.errorbar(mean, range(len(PARTS)), xerr=off, fmt="o", color=BLUE, markersize=5, elinewidth=1.2)
    axes.set_xlim(right=EDGE)
    for place, (m, end) in enumerate(zip(mean, low, strict=True)):
        if end > EDGE:
            axes.text(EDGE, place, f"{m:.0f} \N{RIGHTWARDS ARROW}", color=BLUE, ha="right", va="center", fontsize=9)
    axes.grid(axis="x")


if __name__ == "__main__":
    main()
