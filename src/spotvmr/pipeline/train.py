"""The main job: data, features, teacher, student, test, record. Each part is used again while it is valid."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from spotvmr.assembly import (
    BudgetedVmr,
    build_criterion,
    build_student,
    build_teacher,
    code_digest,
    load_weights,
    read_identity,
    start_as_teacher,
)
from spotvmr.config import Config, save
from spotvmr.config.schema import DistillConfig, SelectorConfig
from spotvmr.errors import UserError
from spotvmr.evaluation.adaptive import plan_spending, until_sure
from spotvmr.evaluation.epoch_costs import query_gflops
from spotvmr.evaluation.evaluate import Evaluation, evaluate
from spotvmr.evaluation.inference import Ask, once
from spotvmr.evaluation.records import make_record, write_run
from spotvmr.extraction.prepare import Workbench, identity, prepare
from spotvmr.system.locks import alone, in_turn
from spotvmr.training.datamodule import GroundingDataModule
from spotvmr.training.fit import fit
from spotvmr.training.hardware import check_hardware, seed_everything
from spotvmr.training.loggers import observers
from spotvmr.training.module import GroundingModule
from spotvmr.types.record import RunRecord, read_record

log = logging.getLogger(__name__)
WEIGHTS = "weights.safetensors"
_AT_TEST = ("steps", "adaptive", "cap", "rerank")  # of the selector: they change no weights
_HARDWARE = ("workers", "accelerator", "compile")  # change where and how a result is made, not what it is


@dataclass(frozen=True)
class Trained:
    """What the main job leaves.

    Attributes:
        folder: Of the student's run.
        teacher: Record of the teacher on the test split.
        student: Record of the student on the test split.
        videos: Path of each video; empty when all features are imported.
    """

    folder: Path
    teacher: RunRecord
    student: RunRecord
    videos: Mapping[str, Path]


def train(config: Config) -> Trained | None:
    """Take a data set to a trained spotter and its record.

    Returns:
        The records; None on the further processes of a distributed run, which only help to train.

    Raises:
        UserError: Data are missing or broken, another process trains this run, its folder is a teacher's, or this
            machine cannot train as asked.
    """
    check_hardware(config.trainer)
    folder = run_folder(config)
    with alone(folder):
        bench = prepare(config)
        if run_folder(teacher_config(bench)) == folder:
            raise UserError(f"{folder} is the run of a teacher, which its students share; set name=ANOTHER_NAME")
        teacher, teacher_record = taught(bench)
        student_record = _tested(bench, trained_student(bench, teacher))
    if teacher_record is None or student_record is None:
        return None
    return Trained(folder, teacher_record, student_record, bench.videos)


def taught(bench: Workbench) -> tuple[BudgetedVmr, RunRecord | None]:
    """The teacher of a workbench and its record on the test split (None on further processes)."""
    for split in ("train", "val", "test"):
        if not bench.splits[split]:
            name, share = bench.config.dataset.name, " or dataset.val_share=0.1" if split == "val" else ""
            raise UserError(f"data set {name} has no {split} queries with moments; set dataset.{split}=FILE{share}")
    bench = replace(bench, config=teacher_config(bench))
    with in_turn(run_folder(bench.config)):
        teacher = _trained(bench, build_teacher, None, teacher_identity(bench))
        return teacher, _tested(bench, teacher)


def studied(bench: Workbench, teacher: BudgetedVmr) -> RunRecord | None:
    """Train the student of a workbench and give its record on the test split (None on further processes)."""
    with in_turn(run_folder(bench.config)):
        return _tested(bench, trained_student(bench, teacher))


def trained_student(bench: Workbench, teacher: BudgetedVmr) -> BudgetedVmr:
    """The student of a workbench, trained unless its weights are there."""
    return _trained(bench, build_student, teacher, student_identity(bench))


def run_folder(config: Config) -> Path:
    """Folder of a run."""
    return Path(config.paths.runs) / config.name


def teacher_identity(bench: Workbench) -> dict[str, Any]:
    """What a teacher's weights depend on; students of any selector and budget share it."""
    return _without(_learnt_from(bench, ["seed", "dataset", "model", "trainer"]), "student_epochs", "any_budget")


def student_identity(bench: Workbench) -> dict[str, Any]:
    """What a student's weights depend on."""
    groups = ["seed", "budget", "dataset", "selector", "model", "distill", "trainer"]
    facts = _without(_learnt_from(bench, groups), "teacher_epochs")
    facts["selector"] = {k: v for k, v in facts["selector"].items() if k not in _AT_TEST}
    return facts | {"teacher": _digest(teacher_identity(bench))}


def teacher_config(bench: Workbench) -> Config:
    """The configuration under which the teacher is a run of its own."""
    config = bench.config
    name = f"{config.dataset.name}-teacher-{config.model.name}-{_digest(teacher_identity(bench))}"
    trainer = replace(config.trainer, any_budget=False)
    return replace(config, name=name, budget=1.0, selector=SelectorConfig(name="all"), trainer=trainer)


def _trained(
    bench: Workbench, build: Callable[..., BudgetedVmr], teacher: BudgetedVmr | None, facts: Mapping[str, Any]
) -> BudgetedVmr:
    """The system with its weights: from the run folder when they were made for the same thing, else trained."""
    config, folder = bench.config, run_folder(bench.config)
    weights, kind = folder / WEIGHTS, "teacher" if teacher is None else "student"
    seed_everything(config.seed)
    system = build(config, *bench.dims)
    if read_identity(weights) == json.loads(json.dumps(facts)):
        log.info("%s: using %s", kind, weights)
        load_weights(system, weights)
        return system.eval()
    for stale in (weights, folder / "record.json"):
        stale.unlink(missing_ok=True)
    if teacher is not None and config.distill.start == "teacher":
        start_as_teacher(system, teacher)
    log.info("%s: training in %s", kind, folder)
    criterion = build_criterion(config.model, config.distill, system.model.family, config.selector.budget_weight)
    val, heard = bench.splits["val"], teacher if _listens(config.distill) else None
    module = GroundingModule(
        system, criterion, config.budget, config.seed, config.trainer, config.dataset.iou_rule, val, heard
    )
    epochs = config.trainer.teacher_epochs if teacher is None else config.trainer.student_epochs
    gflops = query_gflops(system, bench, bench.splits["val"], config.budget)
    # A teacher is shared by many students, and not always trained.
    callbacks, loggers = observers(config, *gflops, to_wandb=config.log.wandb and kind == "student")
    return fit(module, _data(bench), config.trainer, epochs, folder, weights, facts, config.log, callbacks, loggers)


def _listens(distill: DistillConfig) -> bool:
    """Whether the teacher has a say beyond the weights to start with; with no term at all none in the selection too."""
    return any((distill.heads, distill.fused, distill.highlight))


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
    if path.is_file() and (kept := read_record(path)).config.get("selector") == vars(bench.config.selector):
        return kept
    record, found = test(bench, system, "test", None, "")
    if bench.config.log.record:
        write_run(record, bench.splits["test"], found, folder, bench.config, bench.videos)
    else:
        save(bench.config, folder / "config.yaml")  # search and evaluate need it beside the weights
    return record


def test(
    bench: Workbench, system: BudgetedVmr, split: str, control: str | None, label: str
) -> tuple[RunRecord, Evaluation]:
    """Evaluate a trained system on a split.

    Args:
        bench: The workbench; its configuration says how to ask.
        system: The system, in eval mode.
        split: The split to ask.
        control: None, or ``mask_only``.
        label: Appended to the name of the run.
    """
    config, queries = bench.config, bench.splits[split]
    ask, spending = way_to_ask(bench, system, control)
    found = evaluate(system, bench, queries, ask, config.trainer.batch_size)
    if spending:
        rounds = list(found.rounds.values())
        spending["stopped_at"] = {f"{n}": rounds.count(n) for n in sorted(set(rounds))}
    return make_record(bench, system, queries, found, split, f"{config.name}{label}", control, spending), found


def way_to_ask(bench: Workbench, system: BudgetedVmr, control: str | None) -> tuple[Ask, dict[str, Any]]:
    """How a system is asked, and for adaptive spending how that was decided."""
    config = bench.config
    if control is not None or not config.selector.adaptive:
        return once(config.budget, mask_only=control is not None), {}
    plan, facts = plan_spending(system, bench)
    return until_sure(plan), {"levels": list(plan.levels), **facts}


def _learnt_from(bench: Workbench, groups: list[str]) -> dict[str, Any]:
    """Settings, feature keys, the queries of training and validation, and the file of an own model."""
    facts = identity(bench, groups, {split: bench.splits[split] for split in ("train", "val")})
    code = code_digest(bench.config.model)
    return facts if code is None else facts | {"model_code": code}


def _without(facts: dict[str, Any], *names: str) -> dict[str, Any]:
    """Leave out trainer settings that do not matter here."""
    trainer = {k: v for k, v in facts["trainer"].items() if k not in (*names, *_HARDWARE)}
    dataset = {k: v for k, v in facts["dataset"].items() if k in ("name", "clip_s", "iou_rule")}
    return facts | {"trainer": trainer, "dataset": dataset}


def _further_process() -> bool:
    """Whether this is a distributed process other than the first."""
    return torch.distributed.is_initialized() and torch.distributed.get_rank() > 0


def _digest(facts: Mapping[str, Any]) -> str:
    """Eight hexadecimal digits of what weights depend on."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]
