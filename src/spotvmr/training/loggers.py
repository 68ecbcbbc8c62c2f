"""Curves by epoch, for the run folder and for Weights & Biases."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import wandb
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import CSVLogger, Logger, WandbLogger
from lightning.pytorch.trainer import Trainer

from spotvmr.config import Config, as_plain
from spotvmr.system.files import write_text_atomic
from spotvmr.system.locks import is_first_process
from spotvmr.system.wandb_login import logged_in
from spotvmr.training.callbacks import EpochNumbers
from spotvmr.training.module import GroundingModule

_STEP = "trainer/global_step"
"""The one step axis, Lightning's own."""


def observers(
    config: Config, gflops: Callable[[float], float], clips: float, to_wandb: bool
) -> tuple[list[Callback], list[Logger]]:
    """Callbacks and loggers of one training.

    Args:
        config: The configuration.
        gflops: GFLOPs of a query from the number of its clips that get expert features, index included.
        clips: Mean number of clips of a validation query's video.
        to_wandb: Whether to log to Weights & Biases.
    """
    numbers = EpochNumbers(gflops, clips)
    if not to_wandb:
        return [numbers], []
    return [numbers, WandbMetrics()], [wandb_curves(config)]


def csv_curves(folder: Path, resumed: bool) -> CSVLogger:
    """Log to ``curves/metrics.csv``.

    Lightning's writer deletes the file it finds; a resumed training puts the rows of the epochs before back.

    Args:
        folder: Of the run.
        resumed: Whether this training goes on from a checkpoint.
    """
    path = folder / "curves" / "metrics.csv"
    before = path.read_text(encoding="utf-8") if resumed and path.is_file() else ""
    logger = CSVLogger(folder, name="curves", version="")
    if before and is_first_process():
        logger.experiment.metrics_keys = before.splitlines()[0].split(",")
        write_text_atomic(path, before)
    return logger


def wandb_curves(config: Config) -> WandbLogger:
    """Log to a new run of Weights & Biases: online when logged in, else offline; never asks.

    The run is open until ``wandb.finish()``, so that what is known after the training joins it.
    """
    if is_first_process():
        wandb.finish()  # of an earlier training in this process; the logger would go on with that run
    os.environ.setdefault("WANDB_DIR", config.paths.runs)
    if is_first_process():
        Path(os.environ["WANDB_DIR"]).mkdir(parents=True, exist_ok=True)
    return WandbLogger(
        name=config.name,
        project=config.log.project,
        entity=config.log.entity,
        save_dir=os.environ["WANDB_DIR"],
        config=as_plain(config),  # plain values: no OmegaConf objects
        mode=os.environ.get("WANDB_MODE") or ("online" if logged_in() else "offline"),
        job_type="train",
    )


class WandbMetrics(Callback):
    """Says once what is good: the best recall is the run's, and costs are those of its last epoch."""

    def on_fit_start(self, trainer: Trainer, pl_module: GroundingModule) -> None:  # type: ignore[override]
        """Define metrics in the first process."""
        if not trainer.is_global_zero:
            return
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                logger.experiment.define_metric("val/R1@0.3", step_metric=_STEP, summary="max")
                logger.experiment.define_metric("cost/*", step_metric=_STEP, summary="last")
