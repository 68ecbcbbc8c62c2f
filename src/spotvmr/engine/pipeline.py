"""The main job: data, features, teacher, student, test, record. Each part is used again while it is valid."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightning as L
import torch

from spotvmr.assembly import (
    BudgetedVmr,
    SpanCriterion,
    build_student,
    build_teacher,
    load_weights,
    read_identity,
)
from spotvmr.config import Config, load
from spotvmr.config.schema import SelectorConfig
from spotvmr.engine.datamodule import GroundingDataModule
from spotvmr.engine.evaluation import Evaluation, evaluate
from spotvmr.engine.fit import fit
from spotvmr.engine.module import GroundingModule
from spotvmr.engine.records import make_record, write_run
from spotvmr.engine.workbench import Workbench, identity, prepare
from spotvmr.errors import UserError
from spotvmr.types.record import RunRecord, read_record

log = logging.getLogger(__name__)
WEIGHTS = "weights.safetensors"
_HARDWARE = ("workers", "accelerator")  # change where a result is made, not what it is


@dataclass(frozen=True)
class Trained:
    """What the main job leaves.

    Attributes:
        folder: Of the student's run.
        teacher: Record of the teacher on the test split.
        student: Record of the student on the test split.
    """

    folder: Path
    teacher: RunRecord
    student: RunRecord


def train(config: Config) -> Trained | None:
    """Take a data set to a trained spotter and its record.

    Returns:
        The records; None on the further processes of a distributed run, which only help to train.
    """
    bench = prepare(config)
    teacher, teacher_record = taught(bench)
    student_record = studied(bench, teacher)
    if teacher_record is None or student_record is None:
        return None
    return Trained(run_folder(config), teacher_record, student_record)


def taught(bench: Workbench) -> tuple[BudgetedVmr, RunRecord | None]:
    """The teacher of a workbench and its record on the test split (None on further processes)."""
    for split in ("train", "val", "test"):
        if not bench.splits[split]:
            name = bench.config.dataset.name
            raise UserError(f"data set {name} has no {split} queries with moments; set dataset.{split}=FILE")
    bench = replace(bench, config=teacher_config(bench))
    teacher = _trained(bench, build_teacher, None, teacher_identity(bench))
    return teacher, _tested(bench, teacher)


def studied(bench: Workbench, teacher: BudgetedVmr) -> RunRecord | None:
    """Train the student of a workbench and give its record on the test split (None on further processes)."""
    return _tested(bench, _trained(bench, build_student, teacher, student_identity(bench)))


def run_folder(config: Config) -> Path:
    """Folder of a run."""
    return Path(config.paths.runs) / config.name


def teacher_identity(bench: Workbench) -> dict[str, Any]:
    """What a teacher's weights depend on; students of any selector and budget share it."""
    return _without(_learnt_from(bench, ["seed", "dataset", "model", "trainer"]), "student_epochs")


def student_identity(bench: Workbench) -> dict[str, Any]:
    """What a student's weights depend on."""
    groups = ["seed", "budget", "dataset", "selector", "model", "distill", "trainer"]
    facts = _without(_learnt_from(bench, groups), "teacher_epochs")
    return facts | {"teacher": _digest(teacher_identity(bench))}


def teacher_config(bench: Workbench) -> Config:
    """The configuration under which the teacher is a run of its own."""
    config = bench.config
    name = f"{config.dataset.name}-teacher-{config.model.name}-{_digest(teacher_identity(bench))}"
    return replace(config, name=name, budget=1.0, selector=SelectorConfig(name="all"))


def _trained(
    bench: Workbench, build: Callable[..., BudgetedVmr], teacher: BudgetedVmr | None, facts: Mapping[str, Any]
) -> BudgetedVmr:
    """The system with its weights: from the run folder when they were made for the same thing, else trained."""
    config, folder = bench.config, run_folder(bench.config)
    weights, kind = folder / WEIGHTS, "teacher" if teacher is None else "student"
    L.seed_everything(config.seed, workers=True, verbose=False)
    system = build(config, *bench.dims)
    if read_identity(weights) == json.loads(json.dumps(facts)):
        log.info("%s: using %s", kind, weights)
        load_weights(system, weights)
        return system.eval()
    for stale in (weights, folder / "record.json"):
        stale.unlink(missing_ok=True)
    if teacher is not None:
        # The student starts as its teacher: it only has to learn to do without most of the clips.
        system.get_submodule("model").load_state_dict(teacher.get_submodule("model").state_dict())
    log.info("%s: training in %s", kind, folder)
    criterion = SpanCriterion(config.model, config.distill)
    val = bench.splits["val"]
    module = GroundingModule(
        system, criterion, config.budget, config.seed, config.trainer, config.dataset.iou_rule, val, teacher
    )
    epochs = config.trainer.teacher_epochs if teacher is None else config.trainer.student_epochs
    return fit(module, _data(bench), config.trainer, epochs, folder, weights, facts)


def _data(bench: Workbench) -> GroundingDataModule:
    """Batches of the training and validation split."""
    config = bench.config
    return GroundingDataModule(
        bench.splits["train"],
        bench.splits["val"],
        bench.index,
        bench.expert,
        bench.sentences,
        config.dataset.clip_s,
        config.trainer.window_clips,
        config.trainer.batch_size,
        config.seed,
        config.trainer.workers,
    )


def _tested(bench: Workbench, system: BudgetedVmr) -> RunRecord | None:
    """The record on the test split; from the run folder when it is there."""
    if _further_process():
        return None
    folder = run_folder(bench.config)
    path = folder / "record.json"
    if path.is_file():
        return read_record(path)
    record, found = test(bench, system, "test")
    write_run(record, bench.splits["test"], found, folder, bench.config)
    return record


def test(bench: Workbench, system: BudgetedVmr, split: str) -> tuple[RunRecord, Evaluation]:
    """Evaluate a trained system on a split."""
    config, queries = bench.config, bench.splits[split]
    found = evaluate(system, bench, queries, config.budget, config.trainer.batch_size)
    return make_record(bench, system, queries, found, split, config.name), found


def evaluate_run(folder: Path, split: str, budget: float | None) -> tuple[RunRecord, Path]:
    """Evaluate a run that was trained before.

    Args:
        folder: Its folder.
        split: The split to ask.
        budget: Another budget than it was trained for, or None.

    Returns:
        The record, and where it was written: the run's folder when split and budget are its own,
        else a folder inside it.

    Raises:
        UserError: There is no such run, or its weights are of another model.
    """
    config = load(folder / "config.yaml")
    own = split == "test" and budget in (None, config.budget)
    where = folder if own else folder / f"{split}-{budget or config.budget:g}"
    bench = prepare(replace(config, budget=budget or config.budget))
    system = build_student(config, *bench.dims)
    load_weights(system, folder / WEIGHTS)
    record, found = test(bench, system.eval(), split)
    write_run(record, bench.splits[split], found, where, bench.config)
    return record, where


def _learnt_from(bench: Workbench, groups: list[str]) -> dict[str, Any]:
    """Settings, feature keys and the queries of training and validation."""
    return identity(bench, groups, {split: bench.splits[split] for split in ("train", "val")})


def _without(facts: dict[str, Any], epochs: str) -> dict[str, Any]:
    """Leave out trainer settings that do not matter here."""
    trainer = {k: v for k, v in facts["trainer"].items() if k not in (epochs, *_HARDWARE)}
    dataset = {k: v for k, v in facts["dataset"].items() if k in ("name", "clip_s", "iou_rule")}
    return facts | {"trainer": trainer, "dataset": dataset}


def _further_process() -> bool:
    """Whether this is a distributed process other than the first."""
    return torch.distributed.is_initialized() and torch.distributed.get_rank() > 0


def _digest(facts: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits of what weights depend on."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]
