"""The runs of the recall benchmark: every variant is trained alike, then evaluated at every budget.

A variant is a selector or an experiment file. Valid runs are not repeated. A run that differs from another one only in
its evaluation copies the other's weights. Several processes may share the work: a process skips a run that another
process holds, and returns to it at the end.
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
"""Budget of the control with zeroed expert features, for every selector that reads a budget."""
ADAPTIVE_BUDGETS = (0.035, 0.05)
"""Mean budgets of the spotter's adaptive spending."""
_ONE_BUDGET = {"all": 1.0, "none": CONTROL_BUDGET}
"""Selectors that ignore the budget, and the budget in their records."""


@dataclass(frozen=True)
class Run:
    """One variant with one seed.

    Attributes:
        variant: Name of a selector, or of an experiment file.
        config: Settings of the run; ``config.name`` is its folder.
        requests: The evaluations.
    """

    variant: str
    config: Config
    requests: tuple[EvalRequest, ...]


def plan(
    overrides: Sequence[str], variant: str, seed: int, budgets: Sequence[float], folder: str, controls: bool
) -> Run:
    """Compose the run of a variant.

    Args:
        overrides: Settings that all variants share.
        variant: A selector; or an experiment by name or path, whose settings replace those of the spotter.
        seed: Seed of the run and of its teacher.
        budgets: Budgets of the evaluations.
        folder: Folder of all runs, below ``paths.runs``.
        controls: Whether to add the evaluations with zeroed expert features and with adaptive spending.

    Raises:
        UserError: The variant is unknown, or its settings are wrong.
    """
    choice = f"selector={variant}" if variant in choices("selector") else f"experiment={find_experiment(variant)}"
    config = compose([*overrides, choice, f"seed={seed}"])
    name = variant if variant in choices("selector") else find_experiment(variant).stem
    # No early stopping: all variants train for the same number of epochs.
    patience = max(config.trainer.teacher_epochs, config.trainer.student_epochs)
    config = replace(
        config,
        name=f"{name}-s{seed}",
        paths=replace(config.paths, runs=str(Path(config.paths.runs) / folder)),
        trainer=replace(config.trainer, patience=patience),
    )
    return Run(name, config, tuple(_requests(config, budgets, controls)))


def _requests(config: Config, budgets: Sequence[float], controls: bool) -> Iterator[EvalRequest]:
    """The evaluations of a run: every budget, then the controls."""
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
    """Make the missing teachers, weights and records of some runs.

    Raises:
        UserError: Data are missing, or settings do not fit them.
    """
    for run in runs:
        check_hardware(run.config.trainer)
    prepared: dict[str, PreparedData] = {}
    held_elsewhere = [run for run in runs if not _make_if_free(run, prepared)]
    for run in held_elsewhere:
        with _lock(run):
            _make(run, _prepared(run.config, prepared))


def _make_if_free(run: Run, prepared: dict[str, PreparedData]) -> bool:
    """Make a run, or return False if another process holds it."""
    try:
        held = _lock(run).acquire(timeout=0)
    except filelock.Timeout:
        log.info("%s: another process holds this run", run.config.name)
        return False
    with held:
        _make(run, _prepared(run.config, prepared))
    return True


def _make(run: Run, data: PreparedData) -> None:
    """Train a run unless valid weights exist, then add its missing records."""
    weights = run_folder(run.config) / WEIGHTS
    wanted = of_student(data)
    if why_stale(read_identity(weights), wanted):
        _copy_equal_weights(weights, wanted)
    elif not _missing(run, data):
        log.info("%s: all records are valid", run.config.name)
        return
    teacher, _ = teacher_with_record(data)
    system = trained_student(data, teacher)
    for request in _missing(run, data):
        _evaluate(run, data, system, request)


def _copy_equal_weights(weights: Path, wanted: Provenance) -> None:
    """Copy the weights of a run with the same training, if there is one."""
    for others in sorted(weights.parent.parent.glob(f"*/{WEIGHTS}")):
        if not why_stale(read_identity(others), wanted):
            log.info(
                "%s: copies the weights of %s, which has the same training", weights.parent.name, others.parent.name
            )
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
    """Write the record of one request."""
    folder, config = run_folder(run.config), request.settings(run.config)
    log.info("%s: evaluation at %g %%%s", run.config.name, 100 * config.budget, request.label(run.config))
    data = replace(data, config=config)
    record, found = score(data, system, request.split, request.control, request.label(run.config), folder)
    record = replace(record, arm=run.variant + request.label(run.config))
    # No thumbnails: hundreds of folders would hold the same few clips.
    write_run(record, data.splits[request.split], found, request.place(folder, run.config), config, {})


def _prepared(config: Config, prepared: dict[str, PreparedData]) -> PreparedData:
    """The prepared data of a run; runs on the same features share them."""
    plain = as_plain(config)
    key = json.dumps([plain[name] for name in ("dataset", "index", "expert", "text")])
    if key not in prepared:
        prepared[key] = prepare(config)
    return replace(prepared[key], config=config)


def _lock(run: Run) -> filelock.BaseFileLock:
    """The lock of a run; a process holds it while it makes the run."""
    folder = run_folder(run.config)
    make_folder(folder)
    return filelock.FileLock(folder / ".bench.lock")
