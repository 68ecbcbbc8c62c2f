"""One training step and one validation on so many processes: ``python ddp_process.py DEVICES FOLDER [key=value …]``.

Lightning starts the further processes by running this file again. What must be equal whatever the number of
processes is left in FOLDER: ``scores.json``, the validation before the step, ``gradients.safetensors`` of the step, and
``weights.safetensors`` after it. The step is in double precision, since Adam makes a whole step even of a gradient that
is zero but for rounding.
"""

from __future__ import annotations

import json
import sys
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback
from safetensors.torch import save_file

from spotvmr.assembly import build_criterion, build_student, build_teacher
from spotvmr.config import Config, compose
from spotvmr.config.schema import LogConfig
from spotvmr.extraction.prepare import PreparedData, prepare
from spotvmr.training.datamodule import GroundingDataModule
from spotvmr.training.fit import FitPlan, fit
from spotvmr.training.module import GroundingModule
from spotvmr.types import Query

GLOBAL_BATCH = 6
VAL_QUERIES = 31
"""Uneven on two processes, so that a sampler repeats one."""


class InDouble(GroundingDataModule):
    """Batches in double precision."""

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        return doubled(batch)


class KeptGradients(Callback):
    """Leaves the gradients of a step: of how large they are Adam's first step tells nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_before_optimizer_step(self, trainer: L.Trainer, pl_module: L.LightningModule, optimizer: Any) -> None:
        """Write them; the means over processes are the same on each."""
        if trainer.is_global_zero:
            save_file({n: p.grad for n, p in pl_module.named_parameters() if p.grad is not None}, self.path)


def doubled(value: Any) -> Any:
    """Floating tensors of a batch as double, everything else as it is."""
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: doubled(getattr(value, f.name)) for f in fields(value)})
    return value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def made(config: Config, data: PreparedData) -> GroundingModule:
    """A student with a teacher, the same in every process."""
    L.seed_everything(config.seed, verbose=False)
    teacher, student = build_teacher(config, *data.dims), build_student(config, *data.dims)
    criterion = build_criterion(config, student.model)
    return GroundingModule(
        student, criterion, config.budget, config.seed, config.trainer, config.dataset.iou_rule, asked(data), teacher
    )


def asked(data: PreparedData) -> list[Query]:
    """Queries to validate on: of the training split, since the small world has too few others to hit one by chance."""
    return data.splits["train"][-VAL_QUERIES:]


def batches(
    config: Config, data: PreparedData, batch_size: int, kind: type[GroundingDataModule] = GroundingDataModule
) -> GroundingDataModule:
    """One global batch to learn from, and a few queries to validate on."""
    train, val = data.splits["train"][:GLOBAL_BATCH], asked(data)
    stores, clips = (data.index, data.expert, data.sentences), config.trainer.window_clips
    return kind(train, val, *stores, config.dataset.clip_s, clips, batch_size, config.seed, workers=0)


def main(devices: int, folder: Path, words: list[str]) -> None:
    """Validate, take one step, leave both results."""
    config = compose(words)
    strategy = "ddp" if devices > 1 else "auto"
    config = replace(config, trainer=replace(config.trainer, devices=devices, strategy=strategy))
    data = prepare(config)
    trainer = L.Trainer(accelerator="cpu", devices=devices, strategy=strategy, logger=False, enable_progress_bar=False)
    scores = trainer.validate(made(config, data), batches(config, data, 1), verbose=False)[0]
    if trainer.is_global_zero:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "scores.json").write_text(json.dumps(scores))
    module, data = made(config, data).double(), batches(config, data, GLOBAL_BATCH // devices, InDouble)
    if module.supervisor.teacher is not None:  # which is no child of the module
        module.supervisor.teacher.double()
    log = LogConfig(progress=False)
    kept = [KeptGradients(folder / "gradients.safetensors")]
    fit(module, data, FitPlan(config.trainer, log, 1, folder, folder / "weights.safetensors", {}, kept))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
