"""The runs behind the curve of recall against cost: every arm trained alike, then asked at every budget.

A run that is there and valid is not made again, and one that differs from another only in how it is asked takes the
other's weights. Several processes may share the work: one that finds an arm in another's hands takes the next, and
comes back to it at the end.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import filelock

from spotvmr.assembly import BudgetedVmr, read_identity
from spotvmr.config import Config, as_plain, compose
from spotvmr.config.folders import choices, find_experiment
from spotvmr.errors import UserError
from spotvmr.evaluation.records import write_run
from spotvmr.extraction.prepare import Workbench, prepare
from spotvmr.pipeline.rescore import Question
from spotvmr.pipeline.train import WEIGHTS, run_folder, student_identity, taught, test, trained_student
from spotvmr.system.files import make_folder, write_bytes_atomic
from spotvmr.training.hardware import check_hardware
from spotvmr.types.record import read_record

log = logging.getLogger(__name__)

CONTROL_BUDGET = 0.1
"""Where every selecting arm is asked once more with its expert features hidden."""
ADAPTIVE_BUDGETS = (0.035, 0.05)
"""Mean budgets at which the spotter spends adaptively."""
_ONE_BUDGET = {"all": 1.0, "none": CONTROL_BUDGET}
"""Arms that the budget does not change, and where they stand."""


@dataclass(frozen=True)
class Run:
    """One arm with one seed.

    Attributes:
        arm: Name of a selector, or of an experiment file.
        config: Its settings; ``config.name`` is the run's folder.
        questions: What it is asked.
    """

    arm: str
    config: Config
    questions: tuple[Question, ...]


def plan(overrides: Sequence[str], arm: str, seed: int, budgets: Sequence[float], folder: str, controls: bool) -> Run:
    """The run of an arm.

    Args:
        overrides: Settings that all arms share.
        arm: A selector; or an experiment by name or path, whose settings replace those of the spotter.
        seed: Of the run and its teacher.
        budgets: Where it is asked.
        folder: Below ``paths.runs``, where all runs lie side by side.
        controls: Whether to ask with hidden expert features and with adaptive spending besides.

    Raises:
        UserError: There is no such arm, or its settings are wrong.
    """
    choice = f"selector={arm}" if arm in choices("selector") else f"experiment={find_experiment(arm)}"
    config = compose([*overrides, choice, f"seed={seed}"])
    arm = arm if arm in choices("selector") else find_experiment(arm).stem
    # No early stopping: every arm trains as long as the others.
    patience = max(config.trainer.teacher_epochs, config.trainer.student_epochs)
    config = replace(
        config,
        name=f"{arm}-s{seed}",
        paths=replace(config.paths, runs=str(Path(config.paths.runs) / folder)),
        trainer=replace(config.trainer, patience=patience),
    )
    return Run(arm, config, tuple(_questions(config, budgets, controls)))


def _questions(config: Config, budgets: Sequence[float], controls: bool) -> Iterator[Question]:
    """What an arm is asked: every budget, then the controls."""
    name = config.selector.name
    if name in _ONE_BUDGET:
        yield Question(budget=_ONE_BUDGET[name])
        return
    if not config.trainer.any_budget:
        yield Question(budget=config.budget)
        return
    yield from (Question(budget=budget) for budget in budgets)
    if not controls:
        return
    yield Question(budget=CONTROL_BUDGET, control="mask_only")
    if name == "spotter":
        yield from (Question(budget=budget, adaptive=True) for budget in ADAPTIVE_BUDGETS)


def make(runs: Sequence[Run]) -> None:
    """Make what is missing of some runs: teachers, weights, records.

    Raises:
        UserError: Data are missing, or settings do not fit them.
    """
    for run in runs:
        check_hardware(run.config.trainer)
    left: list[Run] = []
    prepared: dict[str, Workbench] = {}
    for wait, todo in ((False, runs), (True, left)):
        for run in todo:
            lock = _lock(run)
            try:
                lock.acquire(timeout=-1 if wait else 0)
            except filelock.Timeout:
                log.info("%s: another process is at it", run.config.name)
                left.append(run)
                continue
            try:
                _make(run, _workbench(run.config, prepared))
            finally:
                lock.release()


def _make(run: Run, bench: Workbench) -> None:
    """Train a run unless its weights, or those of one trained alike, are there, and ask what was not asked yet."""
    weights = run_folder(run.config) / WEIGHTS
    facts = json.loads(json.dumps(student_identity(bench)))
    if read_identity(weights) != facts:
        _borrow(weights, facts)
    elif not _missing(run):
        log.info("%s: every record is there", run.config.name)
        return
    teacher, _ = taught(bench)
    system = trained_student(bench, teacher)
    for question in _missing(run):
        _ask(run, bench, system, question)


def _borrow(weights: Path, facts: Mapping[str, Any]) -> None:
    """Copy the weights of a run that differs only in how it is asked, if there is one."""
    for others in sorted(weights.parent.parent.glob(f"*/{WEIGHTS}")):
        if read_identity(others) == facts:
            log.info("%s: has the weights of %s, which was trained alike", weights.parent.name, others.parent.name)
            write_bytes_atomic(weights, others.read_bytes())
            return


def _missing(run: Run) -> list[Question]:
    """The questions whose record is absent, older than the weights, or of other settings."""
    folder = run_folder(run.config)
    return [q for q in run.questions if not _answered(folder, q, run.config)]


def _answered(folder: Path, question: Question, config: Config) -> bool:
    """Whether the record of a question is there and valid."""
    path = question.place(folder, config) / "record.json"
    with suppress(UserError, OSError):
        new = path.stat().st_mtime_ns >= (folder / WEIGHTS).stat().st_mtime_ns
        return new and _asked(read_record(path).config) == _asked(as_plain(question.settings(config)))
    return False


def _asked(settings: Mapping[str, Any]) -> Any:
    """Settings as a record holds them, without those of what is shown: they change no answer."""
    return json.loads(json.dumps({name: value for name, value in settings.items() if name != "log"}))


def _ask(run: Run, bench: Workbench, system: BudgetedVmr, question: Question) -> None:
    """Leave the record of one question."""
    folder, config = run_folder(run.config), question.settings(run.config)
    log.info("%s: asking at %g %%%s", run.config.name, 100 * config.budget, question.label(run.config))
    bench = replace(bench, config=config)
    record, found = test(bench, system, question.split, question.control, question.label(run.config))
    record = replace(record, arm=run.arm + question.label(run.config))
    # No thumbnails: they would be the same few clips in hundreds of folders.
    write_run(record, bench.splits[question.split], found, question.place(folder, run.config), config, {})


def _workbench(config: Config, prepared: dict[str, Workbench]) -> Workbench:
    """The workbench of a run; runs on the same features share what is prepared."""
    plain = as_plain(config)
    key = json.dumps([plain[name] for name in ("dataset", "index", "expert", "text")])
    if key not in prepared:
        prepared[key] = prepare(config)
    return replace(prepared[key], config=config)


def _lock(run: Run) -> filelock.BaseFileLock:
    """Held while a run is made."""
    folder = run_folder(run.config)
    make_folder(folder)
    return filelock.FileLock(folder / ".bench.lock")
