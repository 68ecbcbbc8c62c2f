"""Draw recall against budget on 60 min videos, ``curve.png``: ``python experiments/long_video/plot.py``."""

from __future__ import annotations

from pathlib import Path

from spotvmr.report import load_records
from spotvmr.report.pictures.canvas import SELECTOR_COLOURS, canvas
from spotvmr.report.pictures.recall_curve import SCORE, budget_axis, draw_selector, draw_teachers

HERE = Path(__file__).resolve().parent
SELECTORS = {
    "spotter": ("spotter", "o-"),
    "one_shot": ("one-shot saliency", "s--"),
    "similarity": ("similarity", "^--"),
}


def main() -> None:
    """Read the records and draw the selectors and their teachers."""
    records = load_records(HERE)
    with canvas(4.2, HERE / "curve.png") as figure:
        figure.set_layout_engine("constrained")
        axes = figure.subplots()
        for selector, (label, style) in SELECTORS.items():
            of_selector = [record for record in records if record.selector == selector]
            draw_selector(axes, of_selector, label, style, SELECTOR_COLOURS[selector])
        draw_teachers(axes, [record for record in records if record.selector == "all"])
        budget_axis(axes, sorted({record.budget for record in records if record.selector == "spotter"}))
        axes.set(xlabel="clips with expert features, %", ylabel=f"{SCORE}, %, mean of three seeds")
        axes.legend(frameon=False, loc="lower right")


if __name__ == "__main__":
    main()
