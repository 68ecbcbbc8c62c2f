"""Draw recall against budget for each model, ``curve.png``: ``python experiments/plug_and_play/plot.py``.

From ``results.jsonl`` here, for VSLNet from that of ``experiments/efficiency_recall``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from spotvmr.report import load_records
from spotvmr.types.record import RunRecord

HERE = Path(__file__).resolve().parent
BUDGETS = (0.05, 0.1, 0.25)
MODELS = {
    "vslnet": "VSLNet, spans",
    "tan2d": "2D-TAN, proposal map",
    "qd_detr": "QD-DETR, set of moments",
    "snag": "SnAG, pyramid of points",
}
ARMS = {"spotter": ("spotter", "o-"), "uniform": ("evenly spread", "x:")}


def main() -> None:
    """A panel for each model."""
    records = [record for record in load_records(HERE) if record.model != "vslnet"]
    records += [
        r for r in load_records(HERE.parent / "efficiency_recall") if r.arm in ("teacher", *ARMS) and not r.control
    ]
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    panels = figure.subplots(1, len(MODELS), sharey=True)
    for axes, (model, title) in zip(panels, MODELS.items(), strict=True):
        draw(axes, [record for record in records if record.model == model])
        axes.set_title(title, fontsize=10)
    panels[0].set_ylabel("R1@0.3, %")
    figure.legend(
        *panels[0].get_legend_handles_labels(), frameon=False, fontsize=9, ncols=3, loc="outside upper center"
    )
    figure.supxlabel("clips with expert features, %", fontsize=10)
    figure.savefig(HERE / "curve.png", dpi=120)


def draw(axes: Axes, records: Sequence[RunRecord]) -> None:
    """Each seed as a mark, their mean as a line, the teachers as a band."""
    teachers = scores(records, "all", 1.0)
    axes.axhspan(min(teachers), max(teachers), color="black", alpha=0.12)
    axes.axhline(mean(teachers), color="black", linewidth=1, label="teacher: the expert on every clip")
    for (arm, (label, style)), colour in zip(ARMS.items(), ("C0", "C1"), strict=True):
        found = [scores(records, arm, budget) for budget in BUDGETS]
        axes.plot(
            [100 * b for b in BUDGETS], [mean(each) for each in found], style, color=colour, label=label, markersize=0
        )
        for budget, each in zip(BUDGETS, found, strict=True):
            axes.plot([100 * budget] * len(each), each, style[0], color=colour, markersize=5, alpha=0.7)
    axes.set_xscale("log")
    axes.set_xticks([100 * b for b in BUDGETS], [f"{100 * b:g}" for b in BUDGETS])
    axes.set_xticks([], minor=True)
    axes.grid(alpha=0.3)


def scores(records: Sequence[RunRecord], selector: str, budget: float) -> list[float]:
    """R1@0.3 in % of the runs of one arm at one budget."""
    asked = [record for record in records if (record.selector, record.budget) == (selector, budget)]
    return [100 * (record.metrics["R1@0.3"] or 0.0) for record in asked]


if __name__ == "__main__":
    main()
