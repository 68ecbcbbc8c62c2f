"""A trial of a sweep: one training in its own process, observed through its logged metrics."""

from __future__ import annotations

import csv
import io
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from spotvmr.system.files import make_folder

_STOP_TIMEOUT_S = 20.0
CURVES = "curves/metrics.csv"


@dataclass(frozen=True)
class TrialProcess:
    """A running trial.

    Attributes:
        process: The process, which ends when its standard input is closed.
        curves: CSV file of its validation metrics.
        log: File of its output.
    """

    process: subprocess.Popen[bytes]
    curves: Path
    log: Path

    def poll(self) -> int | None:
        """Exit code; None while it runs."""
        return self.process.poll()

    def stop(self) -> None:
        """Stop the process and wait for its end."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_line(self) -> str:
        """The last line of its output: for a failed trial, the reason."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "no output")


def start_trial(
    program: Sequence[str], command: str, words: Sequence[str], folder: Path, log: Path, threads: int
) -> TrialProcess:
    """Start a trial, or the ``index`` command that trials need first.

    Args:
        program: Command line of ``spotvmr`` that ends when its standard input is closed, so that no trial outlives a
            killed sweep.
        command: ``train`` or ``index``.
        words: The words after the command.
        folder: Run folder.
        log: File of the output; a resumed trial appends.
        threads: Number of threads, unless the user has set OMP_NUM_THREADS.
    """
    make_folder(log.parent)
    environment = {"OMP_NUM_THREADS": str(threads), **os.environ, "WANDB_RUN_ID": f"{folder.parent.name}-{folder.name}"}
    with log.open("ab") as output:
        process = _open([*program, command, *words], environment, output)
    return TrialProcess(process, folder / CURVES, log)


def _open(command: Sequence[str], environment: dict[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, env=environment, start_new_session=True
    )


def read_curve(path: Path, metric: str) -> dict[int, float]:
    """A metric by epoch, from 0 on; empty before the first epoch.

    The file may be written meanwhile: a line without its end is ignored.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    whole = text[: text.rfind("\n") + 1]
    rows = [row for row in csv.DictReader(io.StringIO(whole)) if row.get(metric) and row.get("epoch")]
    return {int(float(row["epoch"])): float(row[metric]) for row in rows}
