"""A local sweep of ``fake_training.py``: ``drive.py FILE FOLDER [word …]``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spotvmr.sweeps import TrialProcess, TrialRow, read_sweep, run_local, start_trial
from spotvmr.sweeps.study import open_study

FAKE = Path(__file__).with_name("fake_training.py")


def drive(file: Path, folder: Path, words: Sequence[str] = (), workers: int = 2, epochs: int = 2) -> list[TrialRow]:
    """Run the sweep and return its rows."""
    sweep = read_sweep(file)

    def start(number: int, values: Mapping[str, Any]) -> TrialProcess:
        name = f"trial-{number:03d}"
        command = [*sweep.command.words(values, words), f"name={name}", f"paths.runs={folder}"]
        return start_trial(
            [sys.executable, str(FAKE)], "train", command, folder / name, folder / "logs" / f"{name}.log", 1
        )

    with open_study(sweep, folder, epochs, None) as study:
        run_local(study, start, workers, tick_s=0.02)
        return study.rows()


if __name__ == "__main__":
    drive(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
