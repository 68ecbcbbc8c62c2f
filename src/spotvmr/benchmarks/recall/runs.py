"""The runs behind the curve of recall against cost: every arm trained alike, then asked at every budget.

A run that is there and valid is not made again, and one that differs from another only in how it is asked takes the
other's weights. Several processes may share the work: one that finds an arm in another's hands takes the next, and
comes back to it at the end.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import filelock

from spotvmr.assembly import BudgetedVmr, read_identity
from spotvmr.config import Config, as_plain, compose
from spotvmr.config.folders import choices, find_experiment
from spotvmr.evaluation.records import write_run
from spotvmr.extraction.prepare import PreparedData, prepare
from spotvmr.pipeline.evaluate_run import EvalRequest
from spotvmr.pipeline.folders import RECORD, WEIGHTS, run_folder
from spotvmr.pipeline.provenance import of_student
from spotvmr.pipeline.score import record_provenance, score, valid_record
from spotvmr.pipeline.train import teacher_with_record
from spotvmr.pipeline.weights import trained_student
from spotvmr.system.files import make_folder, write_bytes_atomic
from spotvmr.training.hardware import check_hardware
from spotvmr.types.provenance import Provenance, why_stale

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
        requests: What it is asked.
    """

    arm: str
    config: Config
    requests: tuple[EvalRequest, ...]


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


def _questions(config: Config, budgets: Sequence[float], controls: bool) -> Iterator[EvalRequest]:
    """What an arm is asked: every budget, then the controls."""
    name = config.selector.name
    if name in _ONE_BUDGET:
        yield EvalRequest(budget=_ONE_BUDGET[name])
        return
    if not config.trainer.any_budget:
        yield EvalRequest(budget=config.budget)
        return
    yield from (EvalRequest(budget=budget) for budget in budgets)
    if not controls:
        return
    yield EvalRequest(budget=CONTROL_BUDGET, control="mask_only")
    if name == "spotter":
        yield from (EvalRequest(budget=budget, adaptive=True) for budget in ADAPTIVE_BUDGETS)


def make(runs: Sequence[Run]) -> None:
    """Make what is missing of some runs: teachers, weights, records.

    Raises:
        UserError: Data are missing, or settings do not fit them.
    """
    for run in runs:
        check_hardware(run.config.trainer)
    left: list[Run] = []
    prepared: dict[str, PreparedData] = {}
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
                _make(run, _prepared(run.config, prepared))
            finally:
                lock.release()


def _make(run: Run, data: PreparedData) -> None:
    """Train a run unless its weights, or those of one trained alike, are there, and ask what was not asked yet."""
    weights = run_folder(run.config) / WEIGHTS
    wanted = of_student(data)
    if why_stale(read_identity(weights), wanted):
        _copy_equal_weights(weights, wanted)
    elif not _missing(run, data):
        log.info("%s: every record is there", run.config.name)
        return
    teacher, _ = teacher_with_record(data)
    system = trained_student(data, teacher)
    for request in _missing(run, data):
        _evaluate(run, data, system, request)


def _copy_equal_weights(weights: Path, wanted: Provenance) -> None:
    """Copy the weights of a run that differs only in how it is evaluated, if there is one."""
    for others in sorted(weights.parent.parent.glob(f"*/{WEIGHTS}")):
        if not why_stale(read_identity(others), wanted):
            log.info("%s: has the weights of %s, which was trained alike", weights.parent.name, others.parent.name)
            write_bytes_atomic(weights, others.read_bytes())
            return


def _missing(run: Run, data: PreparedData) -> list[EvalRequest]:
    """The requests whose record is absent or stale."""
    folder, missing = run_folder(run.config), []
    for request in run.requests:
        settings = replace(data, config=request.settings(run.config))
        wanted = record_provenance(settings, folder, request.split, request.control)
        if valid_record(request.place(folder, run.config) / RECORD, wanted) is None:
            missing.append(request)
    return missing


def _evaluate(run: Run, data: PreparedData, system: BudgetedVmr, request: EvalRequest) -> None:
    """Leave the record of one request."""
    folder, config = run_folder(run.config), request.settings(run.config)
    log.info("%s: evaluation at %g %%%s", run.config.name, 100 * config.budget, request.label(run.config))
    data = replace(data, config=config)
    record, found = score(data, system, request.split, request.control, request.label(run.config), folder)
    record = replace(record, arm=run.arm + request.label(run.config))
    # No thumbnails: they would be the same few clips in hundreds of folders.
    write_run(record, data.splits[request.split], found, request.place(folder, run.config), config, {})


def _prepared(config: Config, prepared: dict[str, PreparedData]) -> PreparedData:
    """The prepared data of a run; runs on the same features share what is prepared."""
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
