"""The main job: data, features, teacher, student, test, record. Each artefact is used again while it is valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from spotvmr.assembly import BudgetedVmr
from spotvmr.config import Config
from spotvmr.errors import UserError
from spotvmr.extraction.prepare import PreparedData, prepare
from spotvmr.pipeline.folders import run_folder, teacher_config
from spotvmr.pipeline.score import record_on_test
from spotvmr.pipeline.weights import trained_student, trained_teacher
from spotvmr.system.locks import fail_if_locked, wait_for_run
from spotvmr.training.hardware import check_hardware
from spotvmr.types.record import RunRecord


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
            machine cannot train with these settings.
    """
    check_hardware(config.trainer)
    folder = run_folder(config)
    with fail_if_locked(folder):
        data = prepare(config)
        if run_folder(teacher_config(data)) == folder:
            raise UserError(f"{folder} is the run of a teacher, which its students share; set name=ANOTHER_NAME")
        teacher, teacher_record = teacher_with_record(data)
        student_record = record_on_test(data, trained_student(data, teacher))
    if teacher_record is None or student_record is None:
        return None
    return Trained(folder, teacher_record, student_record, data.videos)


def teacher_with_record(data: PreparedData) -> tuple[BudgetedVmr, RunRecord | None]:
    """The trained teacher, and its record on the test split (None on further processes).

    Raises:
        UserError: A split has no queries with moments.
    """
    for split in ("train", "val", "test"):
        if not data.splits[split]:
            name, share = data.config.dataset.name, " or dataset.val_share=0.1" if split == "val" else ""
            raise UserError(f"data set {name} has no {split} queries with moments; set dataset.{split}=FILE{share}")
    data = replace(data, config=teacher_config(data))
    with wait_for_run(run_folder(data.config)):
        teacher = trained_teacher(data)
        return teacher, record_on_test(data, teacher)


def student_record(data: PreparedData, teacher: BudgetedVmr) -> RunRecord | None:
    """Train the student, and give its record on the test split (None on further processes)."""
    with wait_for_run(run_folder(data.config)):
        return record_on_test(data, trained_student(data, teacher))
