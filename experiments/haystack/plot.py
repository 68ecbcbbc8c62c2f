"""Draw recall over video length, ``curve.png``, from ``results.jsonl``: ``python experiments/haystack/plot.py``."""

from __future__ import annotations

import re
from pathlib import Path

from spotvmr.report import load_records
from spotvmr.report.pictures.canvas import BLUE, ORANGE, canvas
from spotvmr.report.pictures.recall_curve import SCORE, log_axis, score
from spotvmr.types.record import RunRecord

HERE = Path(__file__).resolve().parent
KINDS = {"10 % of the clips": ("o-", BLUE), "60 clips": ("s--", ORANGE)}


def main() -> None:
    """Read the records and draw both budgets."""
    found = {(record.dataset, record.budget): record for record in load_records(HERE) if record.selector == "spotter"}
    of_length = sorted(
        ((minutes(record), record) for record in found.values() if "test" in record.dataset), key=lambda pair: pair[0]
    )
    with canvas(4.2, HERE / "curve.png") as figure:
        figure.set_layout_engine("constrained")
        axes = figure.subplots()
        for kind, (style, colour) in KINDS.items():
            fixed = kind == "60 clips"
            points = [(m, r) for m, r in of_length if m == 10 or (r.budget < 0.1) == fixed]
            lows, highs = zip(*(r.ci95[SCORE] for _, r in points), strict=True)
            axes.plot([m for m, _ in points], [score(r) for _, r in points], style, color=colour, label=kind)
            axes.fill_between(
                [m for m, _ in points], [100 * x for x in lows], [100 * x for x in highs], color=colour, alpha=0.12
            )
        lengths = sorted({m for m, _ in of_length})
        log_axis(axes, {m: f"{m:g} min" if m < 60 else f"{m / 60:g} h" for m in lengths})
        axes.set(xlabel="length of the video", ylabel=f"{SCORE}, %, with 95 % interval", ylim=(0, 100))
        axes.legend(title="expert features of", frameon=False)


def minutes(record: RunRecord) -> float:
    """Length of a haystack in minutes, from its name."""
    return float(re.findall(r"([\d.]+)min", record.dataset)[0])


if __name__ == "__main__":
    main()
