"""Runs a sweep on this machine: several trials in parallel, each in its own process, polled by one loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from spotvmr.errors import UserError
from spotvmr.sweeps.process import TrialProcess, read_curve
from spotvmr.sweeps.study import Study, TrialRow

if TYPE_CHECKING:
    import optuna

log = logging.getLogger(__name__)
_MAX_FAILURES = 3
"""A sweep ends when this many trials have failed and none has succeeded."""

Start = Callable[[int, Mapping[str, Any]], TrialProcess]


def run_local(study: Study, start: Start, workers: int, tick_s: float = 0.5) -> None:
    """Run trials until the limit of the study.

    When this call ends early, running trials are stopped, and the next call runs them again.

    Args:
        study: The trials.
        start: Starts the trial of this number with these values.
        workers: Number of parallel trials.
        tick_s: Seconds between two polls.

    Raises:
        UserError: All of the first trials failed.
    """
    running: list[tuple[optuna.Trial, TrialProcess]] = []
    try:
        while True:
            while len(running) < workers and (trial := study.next_trial()) is not None:
                running.append((trial, start(trial.number, trial.params)))
                log.info("trial %d: %s", trial.number, _formatted(trial.params))
            if not running:
                return
            time.sleep(tick_s)
            running = [(trial, process) for trial, process in running if _continues(study, trial, process)]
    finally:
        for _, process in running:
            process.stop()


def _continues(study: Study, trial: optuna.Trial, process: TrialProcess) -> bool:
    """Report new epochs of a trial to the study; false when the trial is over."""
    running = process.poll() is None
    stop = study.report(trial, read_curve(process.curves, study.sweep.metric))
    if running and not stop:
        return True
    process.stop()
    study.report(trial, read_curve(process.curves, study.sweep.metric))  # epochs that ended meanwhile
    code = process.poll()
    # A trial that finished while it was being stopped is done.
    state = "done" if code == 0 else "stopped early" if running else "failed"
    row = study.finish(trial, state)
    log.info("%s", _line(study, row))
    if row.state == "failed":
        reason = process.last_line() if code else f"{study.sweep.metric} is not in {process.curves}"
        log.info("trial %d: %s (%s)", trial.number, reason, process.log)
        _give_up(study, f"{reason} ({process.log})")
    return False


def _give_up(study: Study, reason: str) -> None:
    over = [row.state for row in study.rows() if row.state not in ("running", "waiting")]
    if len(over) >= _MAX_FAILURES and set(over) == {"failed"}:
        raise UserError(f"the first {len(over)} trials failed, the last one with: {reason}")


def _line(study: Study, row: TrialRow) -> str:
    value = "" if row.value is None else f", {study.sweep.metric} {row.value:.3f}"
    over = sum(other.state not in ("running", "waiting") for other in study.rows())
    return f"trial {row.number}: {row.state} after {row.epochs} epochs{value}; {over} of {study.limit} trials over"


def _formatted(values: Mapping[str, Any]) -> str:
    return " ".join(
        f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in values.items()
    )
