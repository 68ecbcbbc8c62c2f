"""Small callbacks, each with one job."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback, RichProgressBar

from spotvmr.errors import UserError
from spotvmr.types.batches import GroundingBatch

log = logging.getLogger(__name__)


class EpochLine(Callback):
    """After each epoch one line: losses, recall, what the selection spent, and how long it took.

    In brackets stands ``val/any_budget``, by which the epoch of a student for any budget is chosen. Unlike a progress
    bar the line stays in a log file.
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
        any_budget = f" (any budget {got['val/any_budget']:.3f})" if "val/any_budget" in got else ""
        log.info(
            "epoch %d/%d: loss %.3f, val R1@0.3 %.3f%s, R1@0.5 %.3f, clips %.1f %%, "
            "ground-truth clip recall %.2f, %.0f s",
            trainer.current_epoch + 1,
            trainer.max_epochs or 0,
            got["train/loss"],
            got["val/R1@0.3"],
            any_budget,
            got["val/R1@0.5"],
            100 * got["val/fraction_mean"],
            got["val/gt_clip_recall"],
            time.perf_counter() - self._began,
        )


class StopDiverged(Callback):
    """Ends a training whose loss is not finite, before validation and checkpoints of that epoch.

    The loss stays on its device until the epoch is over: no batch waits for it.

    Args:
        lr: The setting ``trainer.lr``, for the message.
    """

    def __init__(self, lr: float) -> None:
        self.lr = lr
        self._finite = torch.tensor(True)

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start anew."""
        self._finite = torch.ones((), dtype=torch.bool, device=pl_module.device)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: GroundingBatch, batch_idx: int
    ) -> None:
        """Note whether the loss is finite."""
        self._finite &= torch.isfinite(outputs["loss"])

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Raise a ``UserError`` if a loss was not finite."""
        if not bool(self._finite):
            raise UserError(
                f"the training diverged in epoch {trainer.current_epoch + 1}: its loss is not finite; "
                f"lower trainer.lr (it is {self.lr:g})"
            )


class EpochNumbers(Callback):
    """Logs what an epoch is besides its losses: learning rate, queries a second, GFLOPs a query on validation.

    Args:
        gflops: GFLOPs of a query from the number of its clips that get expert features, index included.
        clips: Mean number of clips of a validation query's video.
    """

    def __init__(self, gflops: Callable[[float], float], clips: float) -> None:
        self.gflops, self.clips = gflops, clips
        self._queries, self._spent_s, self._began = 0, 0.0, 0.0

    def on_train_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Count anew."""
        self._queries, self._spent_s = 0, 0.0
        self._began = time.perf_counter()

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Any, batch: GroundingBatch, batch_idx: int
    ) -> None:
        """Count queries; validation, which follows the last batch, is not training time."""
        self._queries += len(batch.qids) * trainer.world_size
        self._spent_s = time.perf_counter() - self._began

    def on_train_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Log the numbers; validation has run by now."""
        chosen = float(trainer.callback_metrics["val/fraction_mean"]) * self.clips
        numbers = {
            "train/lr": trainer.optimizers[0].param_groups[0]["lr"],
            "train/queries_per_second": self._queries / max(self._spent_s, 1e-9),
            "cost/gflops_per_query": self.gflops(chosen),
        }
        pl_module.log_dict(numbers, rank_zero_only=False)


def progress_bar() -> Callback:
    """Progress with rate and remaining time, on stderr so that ``--json`` keeps stdout clean."""
    return RichProgressBar(leave=False, console_kwargs={"stderr": True})
