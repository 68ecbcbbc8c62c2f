"""Small callbacks, each with one job."""

from __future__ import annotations

import logging
import time

import lightning as L
from lightning.pytorch.callbacks import Callback, RichProgressBar

log = logging.getLogger(__name__)


class EpochLine(Callback):
    """After each epoch one line: losses, recall, what the selection spent, and how long it took.

    Unlike a progress bar it stays in a log file.
    """

    def __init__(self) -> None:
        self._began = 0.0

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clock."""
        self._began = time.perf_counter()

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Say how the epoch went; validation has run by now."""
        if not trainer.is_global_zero:
            return
        got = {name: float(value) for name, value in trainer.callback_metrics.items()}
        log.info(
            "epoch %d/%d: loss %.3f, val R1@0.3 %.3f, R1@0.5 %.3f, clips %.1f %%, true clips found %.2f, %.0f s",
            trainer.current_epoch + 1,
            trainer.max_epochs or 0,
            got["train/loss"],
            got["val/R1@0.3"],
            got["val/R1@0.5"],
            100 * got["val/fraction_mean"],
            got["val/gt_clip_recall"],
            time.perf_counter() - self._began,
        )


def progress_bar() -> Callback:
    """Progress with rate and remaining time, on stderr so that ``--json`` keeps stdout clean."""
    return RichProgressBar(leave=False, console_kwargs={"stderr": True})
