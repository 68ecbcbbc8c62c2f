"""Draw recall against budget from ``results.jsonl``: ``python experiments/efficiency_recall/plot.py``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from matplotlib.figure import Figure

from spotvmr.report import load_records
from spotvmr.types.record import RunRecord

HERE = Path(__file__).resolve().parent
SCORE = "R1@0.3"
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
    """Read the records, draw every arm that was asked at several budgets."""
    records = [record for record in load_records(HERE) if record.control is None]
    figure = Figure(figsize=(7.5, 4.5), layout="constrained")
    axes = figure.subplots()
    for arm, (label, style) in ARMS.items():
        points = curve([record for record in records if record.arm == arm])
        if points:
            budgets, scores = zip(*points, strict=True)
            axes.plot([100 * b for b in budgets], [100 * s for s in scores], style, label=label, markersize=6)
    teacher = average([record for record in records if record.arm == "teacher"])
    axes.axhline(100 * teacher, color="black", linewidth=1, label="teacher: the expert on every clip")
    axes.set_xscale("log")
    ticks = sorted({record.budget for record in records if record.arm == "spotter"})
    axes.set_xticks([100 * tick for tick in ticks], [f"{100 * tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
    seeds = len({record.seed for record in records if record.arm == "spotter"})
    axes.set(xlabel="clips with expert features, %", ylabel=f"{SCORE}, %, mean of {seeds} seeds")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    figure.savefig(HERE / "curve.png", dpi=120)


def curve(records: Sequence[RunRecord]) -> list[tuple[float, float]]:
    """Share of clips that was spent and score, means over seeds, budgets ascending."""
    asked = [[r for r in records if r.budget == budget] for budget in sorted({r.budget for r in records})]
    return [(mean(r.selection.fraction_mean or 0.0 for r in alike), average(alike)) for alike in asked]


def average(records: Sequence[RunRecord]) -> float:
    """Mean score of some runs."""
    return mean(record.metrics[SCORE] or 0.0 for record in records)


if __name__ == "__main__":
    main()
