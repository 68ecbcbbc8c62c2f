"""Draw recall against budget from ``results.jsonl``: ``python experiments/efficiency_recall/plot.py``."""

from __future__ import annotations

from pathlib import Path

from spotvmr.report import load_records
from spotvmr.report.pictures.canvas import BLUE, SELECTOR_COLOURS, canvas
from spotvmr.report.pictures.recall_curve import SCORE, budget_axis, draw_selector, draw_teachers

HERE = Path(__file__).resolve().parent
ARMS = {
    "spotter-adaptive": ("spotter, adaptive", "D"),
    "spotter": ("spotter", "o-"),
    "one_shot": ("one shot by a saliency head", "s--"),
    "similarity": ("similarity", "^--"),
    "spotter_gumbel": ("spotter as SpotEM trains it", "v--"),
    "oracle": ("oracle: true clips first", "*:"),
    "uniform": ("evenly spread", "x:"),
    "random": ("random", "+:"),
}


def main() -> None:
    """Read the records, draw every arm."""
    records = [record for record in load_records(HERE) if record.control is None]
    with canvas(4.8, HERE / "curve.png") as figure:
        figure.set_layout_engine("constrained")
        axes = figure.subplots()
        for arm, (label, style) in ARMS.items():
            asked = [record for record in records if record.arm == arm]
            draw_selector(axes, asked, label, style, SELECTOR_COLOURS.get(arm, BLUE))
        draw_teachers(axes, [record for record in records if record.arm == "teacher"])
        budget_axis(axes, sorted({record.budget for record in records if record.arm == "spotter"}))
        axes.set(xlabel="clips with expert features, %", ylabel=f"{SCORE}, %, mean over seeds")
        axes.legend(frameon=False, fontsize=8, loc="lower right")


if __name__ == "__main__":
    main()
