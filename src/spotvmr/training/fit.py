"""One training with Lightning: best checkpoint on validation, early stopping, resumed after a kill."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import warnings
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, EMAWeightAveraging, ModelCheckpoint
from lightning.pytorch.loggers import Logger
from torch import nn

from spotvmr.assembly import BudgetedVmr, save_weights
from spotvmr.config.schema import LogConfig, TrainerConfig
from spotvmr.errors import UserError
from spotvmr.system.files import write_text_atomic
from spotvmr.system.locks import machines
from spotvmr.training.callbacks import EpochLine, StopDiverged, progress_bar
from spotvmr.training.datamodule import GroundingDataModule
from spotvmr.training.hardware import quieten_lightning
from spotvmr.training.interrupts import interrupts
from spotvmr.training.loggers import csv_curves
from spotvmr.training.memory import memory_errors
from spotvmr.training.module import GroundingModule

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FitPlan:
    """How one training runs and what it leaves.

    Attributes:
        settings: Hardware and stopping.
        log: Whether to leave curves, and to show a progress bar and a line an epoch.
        epochs: At most this many.
        folder: For checkpoints and curves.
        weights: Written at the end, with ``identity``.
        identity: What the weights depend on. A checkpoint of another identity is not resumed.
        callbacks: Further ones.
        loggers: Further ones.
    """

    settings: TrainerConfig
    log: LogConfig
    epochs: int
    folder: Path
    weights: Path
    identity: Mapping[str, Any]
    callbacks: Sequence[Callback] = ()
    loggers: Sequence[Logger] = ()


def fit(module: GroundingModule, data: GroundingDataModule, plan: FitPlan) -> BudgetedVmr:
    """Train and leave the weights of the best epoch on validation.

    Args:
        module: What to train.
        data: Batches.
        plan: Settings, epochs and where results go.

    Returns:
        The trained system with its best weights.
    """
    settings, checkpoints = plan.settings, plan.folder / "checkpoints"
    best, last = _checkpoints(checkpoints, module.monitor)
    _filter_warnings()
    resume = _resumable(checkpoints, plan.identity)
    curves = [csv_curves(plan.folder, resumed=resume is not None)] if plan.log.record else []
    watching = [best, last, *_stopping(module.monitor, settings.patience), *plan.callbacks]
    trainer = _trainer(plan, watching, [*curves, *plan.loggers])
    if settings.compile:
        for trained in (module.system, module.supervisor.teacher):
            if trained is not None:
                _compile(trained)
    with memory_errors(settings), interrupts():
        trainer.fit(module, data, ckpt_path=resume, weights_only=True)
    trainer.strategy.barrier()
    state = read_checkpoint(Path(best.best_model_path))["state_dict"]
    system = module.system
    system.load_state_dict({k.removeprefix("system."): v for k, v in state.items() if k.startswith("system.")})
    if trainer.is_global_zero:
        save_weights(system, plan.weights, plan.identity)
    trainer.strategy.barrier()
    # A copy is not compiled. Evaluation runs each of many shapes once.
    return copy.deepcopy(system).cpu().eval()


def _filter_warnings() -> None:
    """Hide Lightning's messages that do not apply here."""
    quieten_lightning()
    # sync_dist: what is logged once an epoch is the same on every process.
    needless = "LeafSpec|logging interval|does not have many workers|is not empty|sync_dist=True"
    warnings.filterwarnings("ignore", message=f".*({needless}).*")


def _compile(system: BudgetedVmr) -> None:
    """Compile the parts of model and selector in place, each by itself.

    One graph of all steps of a spotter takes many times as long to compile as its parts.
    """
    for network in (system.model, system.selector):
        for part in cast(nn.Module, network).children():
            part.compile()


def _trainer(plan: FitPlan, callbacks: Sequence[Callback], loggers: Sequence[Logger]) -> L.Trainer:
    """Lightning's trainer for one training that is the same each time, epoch by epoch."""
    settings = plan.settings
    return L.Trainer(
        accelerator=settings.accelerator,
        devices=settings.devices,
        num_nodes=machines(),
        strategy=settings.strategy,
        precision=cast(Any, settings.precision),  # checked by config.checks
        max_epochs=plan.epochs,
        gradient_clip_val=settings.clip_norm,
        callbacks=[
            StopDiverged(settings.lr),
            *([EpochLine()] if plan.log.epochs else []),
            *([progress_bar()] if plan.log.progress else []),
            *callbacks,
            *([EMAWeightAveraging(decay=settings.ema)] if settings.ema else []),
        ],
        logger=list(loggers),
        enable_progress_bar=plan.log.progress,
        reload_dataloaders_every_n_epochs=1,
        num_sanity_val_steps=0,
        enable_model_summary=False,
        deterministic=True,
        log_every_n_steps=1_000_000,  # curves are by epoch
        default_root_dir=plan.folder,
    )


def _stopping(monitor: str | None, patience: int) -> list[Callback]:
    """Stop when the best epoch lies too far back; never where it is the last one."""
    return [EarlyStopping(monitor, mode="max", patience=patience)] if monitor else []


def _checkpoints(folder: Path, monitor: str | None) -> tuple[ModelCheckpoint, ModelCheckpoint]:
    """Keep the best epoch and the last one, each under a fixed name; without a monitor the last one is the best.

    Both are saved after an epoch is over: one saved earlier would resume in the middle of it.
    """
    best = ModelCheckpoint(
        folder, "best", monitor, mode="max", save_on_train_epoch_end=True, enable_version_counter=False
    )
    last = ModelCheckpoint(folder, "last", save_on_train_epoch_end=True, enable_version_counter=False)
    return best, last


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What a checkpoint holds, on the CPU.

    Raises:
        UserError: It is damaged, or holds more than tensors and plain values.
    """
    try:
        # torch reads past the checksums of the archive.
        with zipfile.ZipFile(path) as archive:
            if (member := archive.testzip()) is not None:
                raise ValueError(member)
        # weights_only: a checkpoint is data, never code.
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (
        zipfile.BadZipFile,
        zlib.error,
        OSError,
        EOFError,
        RuntimeError,
        LookupError,
        ValueError,
        pickle.UnpicklingError,
    ) as error:
        raise UserError(f"checkpoint {path} is damaged ({type(error).__name__}); delete it and train again") from error
    return content


def _resumable(folder: Path, identity: Mapping[str, Any]) -> Path | None:
    """The last checkpoint when it was made for the same thing; others are cleared away."""
    note, last = folder / "identity.json", folder / "last.ckpt"
    wanted = json.loads(json.dumps(identity))
    if last.is_file() and note.is_file() and json.loads(note.read_text()) == wanted:
        try:
            read_checkpoint(last)
        except UserError as error:
            log.warning("%s; training from the start", error)
        else:
            log.info("resuming from %s", last)
            return last
    for stale in folder.glob("*.ckpt"):
        stale.unlink(missing_ok=True)  # other processes of this run do the same
    write_text_atomic(note, json.dumps(wanted))
    return None
