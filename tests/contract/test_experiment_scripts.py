"""The scripts of the experiments import only what the package has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"
IMPORT_ALL = "import runpy, sys; [runpy.run_path(path, run_name='imported') for path in sys.argv[1:]]"
SCRIPTS = sorted(path for path in EXPERIMENTS.glob("*/*.py") if path.name != "plot.py")


def test_every_script_can_be_imported() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL, *map(str, SCRIPTS)], capture_output=True, text=True)
    assert len(SCRIPTS) >= 7
    assert done.returncode == 0, done.stderr[-2000:]
