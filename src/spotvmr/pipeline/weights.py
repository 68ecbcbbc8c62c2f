"""Trained weights: from the run folder while they are valid, else trained."""

from __future__ import annotations

import logging
from collections.abc import Callable

from spotvmr.assembly import (
    BudgetedVmr,
    build_criterion,
    build_student,
    build_teacher,
    load_weights,
    read_identity,
    start_as_teacher,
)
from spotvmr.config.schema import DistillConfig
from spotvmr.evaluation.epoch_costs import gflops_by_clips
from spotvmr.extraction.prepare import PreparedData
from spotvmr.pipeline.folders import WEIGHTS, run_folder
from spotvmr.pipeline.provenance import of_student, of_teacher
from spotvmr.training.datamodule import GroundingDataModule
from spotvmr.training.fit import FitPlan, fit
from spotvmr.training.hardware import seed_everything
from spotvmr.training.loggers import observers
from spotvmr.training.module import GroundingModule
from spotvmr.types.provenance import Provenance, why_stale

log = logging.getLogger(__name__)


def trained_teacher(data: PreparedData) -> BudgetedVmr:
    """The teacher of prepared data under its own configuration."""
    return _trained(data, build_teacher, None, of_teacher(data))


def trained_student(data: PreparedData, teacher: BudgetedVmr) -> BudgetedVmr:
    """The student of prepared data."""
    return _trained(data, build_student, teacher, of_student(data))


def _trained(
    data: PreparedData, build: Callable[..., BudgetedVmr], teacher: BudgetedVmr | None, provenance: Provenance
) -> BudgetedVmr:
    """The system with weights of this provenance: those of the run folder, or newly trained ones."""
    config, folder = data.config, run_folder(data.config)
    weights, kind = folder / WEIGHTS, "teacher" if teacher is None else "student"
    seed_everything(config.seed)
    system = build(config, *data.dims)
    stale = why_stale(read_identity(weights), provenance)
    if not stale:
        log.info("%s: using %s", kind, weights)
        load_weights(system, weights)
        return system.eval()
    if weights.is_file():
        log.info("%s: training again, since of %s %s", kind, weights, stale)
    if teacher is not None and config.distill.start == "teacher":
        start_as_teacher(system, teacher)
    log.info("%s: training in %s", kind, folder)
    return _fitted(data, system, teacher, kind, provenance)


def _fitted(
    data: PreparedData, system: BudgetedVmr, teacher: BudgetedVmr | None, kind: str, provenance: Provenance
) -> BudgetedVmr:
    """Train a system and leave its weights in the run folder."""
    config, folder = data.config, run_folder(data.config)
    criterion = build_criterion(config, system.model)
    val, supervisor = data.splits["val"], teacher if _distils(config.distill) else None
    module = GroundingModule(
        system, criterion, config.budget, config.seed, config.trainer, config.dataset.iou_rule, val, supervisor
    )
    epochs = config.trainer.teacher_epochs if teacher is None else config.trainer.student_epochs
    gflops = gflops_by_clips(system, data, val, config.budget)
    # A teacher is shared by many students, and not always trained.
    callbacks, loggers = observers(config, *gflops, to_wandb=config.log.wandb and kind == "student")
    identity = provenance.to_json()
    plan = FitPlan(config.trainer, config.log, epochs, folder, folder / WEIGHTS, identity, callbacks, loggers)
    return fit(module, _batches(data), plan)


def _distils(distill: DistillConfig) -> bool:
    """Whether any loss term distils; without one the teacher also leaves the selection loss alone."""
    return any((distill.heads, distill.fused, distill.highlight))


def _batches(data: PreparedData) -> GroundingDataModule:
    """Batches of the training and validation split."""
    config = data.config
    return GroundingDataModule(
        data.splits["train"],
        data.splits["val"],
        data.index,
        data.expert,
        data.sentences,
        config.dataset.clip_s,
        config.trainer.window_clips,
        config.trainer.batch_size,
        config.seed,
        config.trainer.workers,
    )
