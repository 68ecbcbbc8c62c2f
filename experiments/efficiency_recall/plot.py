"""Draw recall against budget from ``results.jsonl``: ``python experiments/efficiency_recall/plot.py``."""

from __future__ import annotations

from pathlib import Path

from spotvmr.report import load_records
from spotvmr.report.pictures.canvas import BLUE, SELECTOR_COLOURS, canvas
from spotvmr.report.pictures.recall_curve import SCORE, budget_axis, draw_selector, draw_teachers

HERE = Path(__file__).resolve().parent
SELECTORS = {
    "spotter-adaptive": ("spotter, adaptive", "D"),
    "spotter": ("spotter", "o-"),
    "one_shot": ("one-shot saliency", "s--"),
    "similarity": ("similarity", "^--"),
    "spotter_gumbel": ("Gumbel spotter, SpotEM-style", "v--"),
    "oracle": ("oracle: ground-truth clips first", "*:"),
    "uniform": ("uniform", "x:"),
    "random": ("random", "+:"),
}


def main() -> None:
    """Read the records and draw every selector."""
    records = [record for record in load_records(HERE) if record.control is None]
    with canvas(4.8, HERE / "curve.png") as figure:
        figure.set_layout_engine("constrained")
        axes = figure.subplots()
        for name, (label, style) in SELECTORS.items():
            of_selector = [record for record in records if record.arm == name]
            draw_selector(axes, of_selector, label, style, SELECTOR_COLOURS.get(name, BLUE))
        draw_teachers(axes, [record for record in records if record.arm == "teacher"])
        budget_axis(axes, sorted({record.budget for record in records if record.arm == "spotter"}))
        axes.set(xlabel="clips with expert features, %", ylabel=f"{SCORE}, %, mean over seeds")
        axes.legend(frameon=False, fontsize=8, loc="lower right")


if __name__ == "__main__":
    main()
