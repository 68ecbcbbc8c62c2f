"""Draw recall against budget for each model, ``curve.png``: ``python experiments/plug_and_play/plot.py``.

The records are ``results.jsonl`` here, and for VSLNet that of ``experiments/efficiency_recall``.
"""

from __future__ import annotations

from pathlib import Path

from spotvmr.report import load_records
from spotvmr.report.pictures.canvas import SELECTOR_COLOURS, canvas
from spotvmr.report.pictures.recall_curve import SCORE, budget_axis, draw_selector, draw_teachers

HERE = Path(__file__).resolve().parent
BUDGETS = (0.05, 0.1, 0.25)
MODELS = {
    "vslnet": "VSLNet, spans",
    "tan2d": "2D-TAN, proposal map",
    "qd_detr": "QD-DETR, set of moments",
    "snag": "SnAG, pyramid of points",
}
SELECTORS = {"spotter": ("spotter", "o-"), "uniform": ("uniform", "x:")}


def main() -> None:
    """Draw a panel for each model."""
    records = [record for record in load_records(HERE) if record.model != "vslnet"]
    records += [
        r for r in load_records(HERE.parent / "efficiency_recall") if r.arm in ("teacher", *SELECTORS) and not r.control
    ]
    with canvas(2.9, HERE / "curve.png") as figure:
        figure.set_layout_engine("constrained")
        panels = figure.subplots(1, len(MODELS), sharey=True)
        for axes, (model, title) in zip(panels, MODELS.items(), strict=True):
            of_model = [record for record in records if record.model == model]
            for name, (label, style) in SELECTORS.items():
                of_selector = [record for record in of_model if record.selector == name and record.budget in BUDGETS]
                draw_selector(axes, of_selector, label, style, SELECTOR_COLOURS[name])
            draw_teachers(axes, [record for record in of_model if record.selector == "all"])
            budget_axis(axes, BUDGETS)
            axes.set_title(title, fontsize=9)
        panels[0].set_ylabel(f"{SCORE}, %")
        figure.legend(*panels[0].get_legend_handles_labels(), frameon=False, ncols=3, loc="outside upper center")
        figure.supxlabel("clips with expert features, %", fontsize=9)


if __name__ == "__main__":
    main()
