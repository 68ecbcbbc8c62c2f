"""A sweep on this machine: some trials at a time, each a process, watched from one loop."""

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
_HOPELESS = 3
"""So many trials that fail one after the other, with none that worked before, end a sweep."""

Start = Callable[[int, Mapping[str, Any]], TrialProcess]


def run_local(study: Study, start: Start, workers: int, tick_s: float = 0.5) -> None:
    """Run trials until there are as many as there shall be.

    Whatever ends this call, the running trials end too and are asked again by the next.

    Args:
        study: The trials.
        start: Starts the trial of this number with these values.
        workers: Trials at a time.
        tick_s: Seconds between two looks at them.

    Raises:
        UserError: The first trials all failed.
    """
    running: list[tuple[optuna.Trial, TrialProcess]] = []
    try:
        while True:
            while len(running) < workers and (trial := study.ask()) is not None:
                running.append((trial, start(trial.number, trial.params)))
                log.info("trial %d: %s", trial.number, _said(trial.params))
            if not running:
                return
            time.sleep(tick_s)
            running = [(trial, process) for trial, process in running if _goes_on(study, trial, process)]
    finally:
        for _, process in running:
            process.stop()


def _goes_on(study: Study, trial: optuna.Trial, process: TrialProcess) -> bool:
    """Take in what a trial has done since; false when it is over."""
    running = process.poll() is None
    stop = study.report(trial, read_curve(process.curves, study.sweep.metric))
    if running and not stop:
        return True
    process.stop()
    study.report(trial, read_curve(process.curves, study.sweep.metric))  # what it did in between
    code = process.poll()
    # A trial that came to its end while it was to be stopped has come to its end.
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
    if len(over) >= _HOPELESS and set(over) == {"failed"}:
        raise UserError(f"the first {len(over)} trials failed, the last one with: {reason}")


def _line(study: Study, row: TrialRow) -> str:
    value = "" if row.value is None else f", {study.sweep.metric} {row.value:.3f}"
    over = sum(other.state not in ("running", "waiting") for other in study.rows())
    return f"trial {row.number}: {row.state} after {row.epochs} epochs{value}; {over} of {study.limit} trials over"


def _said(values: Mapping[str, Any]) -> str:
    return " ".join(
        f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}" for key, value in values.items()
    )
