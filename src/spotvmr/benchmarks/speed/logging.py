"""Benchmark of logging: milliseconds of an epoch's numbers, in the run folder and in Weights & Biases."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import wandb

from spotvmr.config import Config
from spotvmr.training.loggers import csv_curves, wandb_curves

_EPOCHS = 40
_LIMIT_MS = 30.0
"""3 % of an epoch of one second; an epoch of the demo takes half a minute or more."""
_TRAIN = (
    "train/loss",
    "train/span",
    "train/highlight",
    "train/lr",
    "train/queries_per_second",
    "cost/gflops_per_query",
)
_VAL = ("val/R1@0.3", "val/R1@0.5", "val/R1@0.7", "val/R5@0.3", "val/R5@0.5", "val/mIoU", "val/fraction_mean")


def logging_rows() -> list[dict[str, Any]]:
    """Time the two rows that an epoch logs, in both loggers."""
    with tempfile.TemporaryDirectory() as folder, _environment(_offline(folder)):
        loggers = [csv_curves(Path(folder) / "run", resumed=False), wandb_curves(Config(name="bench"))]
        spent_ms = []
        for epoch in range(_EPOCHS + 2):
            began = time.perf_counter()
            for logger in loggers:
                _log_epoch(logger, epoch)
            spent_ms.append(1e3 * (time.perf_counter() - began))
        wandb.finish()
    # The first two open files and write headers.
    median = statistics.median(spent_ms[2:])
    return [{"what": "log an epoch, CSV and W&B offline", "median": median, "unit": "ms", "limit": _LIMIT_MS}]


def _log_epoch(logger: Any, epoch: int) -> None:
    """Log validation, then training, as the trainer does."""
    for names in (_VAL, _TRAIN):
        logger.log_metrics({"epoch": epoch} | dict.fromkeys(names, 0.1 * epoch), step=100 * epoch)
        logger.save()


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the block, and put the old ones back after it."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _offline(folder: str) -> dict[str, str]:
    places = ("WANDB_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR")
    return {**dict.fromkeys(places, folder), "WANDB_MODE": "offline", "WANDB_SILENT": "true"}
