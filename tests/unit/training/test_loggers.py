"""Curves, their cost, and trainings that take turns."""

from __future__ import annotations

import csv
import threading
from pathlib import Path

from spotvmr.benchmarks.speed.logging import logging_rows
from spotvmr.system.locks import wait_for_run
from spotvmr.training.loggers import csv_curves


def log_epochs(folder: Path, epochs: range, resumed: bool, **more: float) -> list[tuple[str, str]]:
    """Log some epochs; returns epoch and recall of every row of the file."""
    logger = csv_curves(folder, resumed)
    for epoch in epochs:
        logger.log_metrics({"epoch": epoch, "val/R1@0.3": epoch / 10, **more}, step=epoch)
        logger.save()
    with (folder / "curves" / "metrics.csv").open(newline="") as file:
        return [(row["epoch"], row["val/R1@0.3"]) for row in csv.DictReader(file)]


def test_a_resumed_training_keeps_the_epochs_before_and_another_does_not(tmp_path: Path) -> None:
    assert log_epochs(tmp_path, range(2), resumed=False) == [("0", "0.0"), ("1", "0.1")]
    both = [("0", "0.0"), ("1", "0.1"), ("2", "0.2")]
    assert log_epochs(tmp_path, range(2, 3), resumed=True) == both
    assert log_epochs(tmp_path, range(3, 4), resumed=True, new=1.0) == [*both, ("3", "0.3")]
    assert log_epochs(tmp_path, range(1), resumed=False) == [("0", "0.0")]


def test_trainings_in_one_folder_take_turns(tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with wait_for_run(tmp_path / "run"):
            order.append("second")

    other = threading.Thread(target=second)
    with wait_for_run(tmp_path / "run"):
        other.start()
        other.join(0.2)
        order.append("first")
    other.join()
    assert order == ["first", "second"]


def test_logging_an_epoch_is_measured(tmp_path: Path) -> None:
    [row] = logging_rows()
    assert row["median"] > 0
    assert (row["unit"], row["limit"]) == ("ms", 30.0)
