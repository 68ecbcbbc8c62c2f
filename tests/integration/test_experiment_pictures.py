"""The pictures of the experiments show their committed records."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import image

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.mark.parametrize("plot", sorted(EXPERIMENTS.glob("*/plot.py")), ids=lambda plot: plot.parent.name)
def test_the_picture_is_drawn_from_the_records_beside_it(plot: Path, tmp_path: Path) -> None:
    name = plot.parent.name
    for record in (*EXPERIMENTS.glob("*/results.jsonl"), *EXPERIMENTS.glob("*/table.json")):
        (tmp_path / record.parent.name).mkdir(exist_ok=True)
        shutil.copy(record, tmp_path / record.parent.name)
    shutil.copy(plot, tmp_path / name)
    subprocess.run([sys.executable, tmp_path / name / "plot.py"], check=True)
    drawn, kept = (image.imread(folder / name / "curve.png") for folder in (tmp_path, EXPERIMENTS))
    assert drawn.shape == kept.shape
    # Not to the byte: another build of the font renderer shades edges otherwise. One run more or less moves three
    # times as many pixels.
    assert (np.abs(drawn - kept).max(-1) > 0.25).mean() < 0.0004
