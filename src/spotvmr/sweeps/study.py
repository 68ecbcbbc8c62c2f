"""The trials of a local sweep, in an Optuna study that survives a kill.

One process holds the lock of the folder. A trial that is marked as running when the lock is acquired belongs to a
process that has ended, so it returns to the queue under its number.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock

from spotvmr.errors import UserError
from spotvmr.sweeps.file import Sweep
from spotvmr.sweeps.parameters import Parameter
from spotvmr.system.files import make_folder

if TYPE_CHECKING:
    import optuna

_STATES = {"COMPLETE": "done", "PRUNED": "stopped early", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}


@dataclass(frozen=True)
class TrialRow:
    """A trial as shown in tables.

    Attributes:
        number: Number of the trial, from 0 on.
        state: done, stopped early, failed, running or waiting.
        value: Best validation score so far; None before the first validation.
        epochs: Number of validated epochs.
        values: Settings of the trial.
    """

    number: int
    state: str
    value: float | None
    epochs: int
    values: Mapping[str, Any]


class Study:
    """Trials of a sweep: which is next, their results, and which should stop.

    Args:
        sweep: The sweep file.
        storage: Optuna's storage.
        epochs: Epochs of a complete trial.
        trials: Maximum number of trials; None: all of a grid.
    """

    def __init__(self, sweep: Sweep, storage: optuna.storages.RDBStorage, epochs: int, trials: int | None) -> None:
        import optuna

        self.sweep, self.epochs = sweep, epochs
        self._storage = storage
        self._study = optuna.create_study(
            storage=storage,
            study_name=sweep.name,
            direction="maximize" if sweep.maximise else "minimize",
            pruner=_pruner(sweep, epochs),
            load_if_exists=True,
        )
        self._spaces = {key: _distribution(parameter) for key, parameter in sweep.parameters.items()}
        self._keep_identity()
        self._requeue()
        grid = self._enqueue_grid() if sweep.method == "grid" else None
        self.limit = min(n for n in (grid, trials) if n is not None)

    def next_trial(self) -> optuna.Trial | None:
        """The next trial; None when the limit is reached."""
        import optuna

        trials = self._study.get_trials(deepcopy=False)
        queued = [trial.number for trial in trials if trial.state == optuna.trial.TrialState.WAITING]
        if not (queued and queued[0] < self.limit) and len(trials) >= self.limit:
            return None
        # Seeded by the number: the values of a trial do not depend on how often the sweep was killed.
        self._study.sampler = _sampler(self.sweep.method, len(trials))
        return self._study.ask(self._spaces)

    def report(self, trial: optuna.Trial, curve: Mapping[int, float]) -> bool:
        """Add the scores of epochs (from 0 on); true when the trial should stop early."""
        known = self._frozen(trial.number).intermediate_values
        stop = False
        for epoch, value in sorted(curve.items()):
            if epoch + 1 not in known:
                trial.report(value, epoch + 1)
                # After the last epoch, stopping saves nothing.
                stop = epoch + 1 < self.epochs and trial.should_prune()
        return stop

    def finish(self, trial: optuna.Trial, state: str) -> TrialRow:
        """End a trial as "done", "stopped early" or "failed"; a trial without a validation has failed."""
        import optuna

        values = list(self._frozen(trial.number).intermediate_values.values())
        name = {shown: name for name, shown in _STATES.items()}[state if values else "failed"]
        # The best epoch counts, because its weights are kept.
        best = self._best(values) if name == "COMPLETE" else None
        self._study.tell(trial, best, state=optuna.trial.TrialState[name])
        return self._row(self._frozen(trial.number))

    @property
    def over(self) -> bool:
        """Whether all trials are over."""
        rows = self.rows()
        return len(rows) >= self.limit and all(row.state not in ("waiting", "running") for row in rows)

    def best(self) -> TrialRow | None:
        """The best trial that is done; None when no trial is done."""
        done = [row for row in self.rows() if row.state == "done" and row.value is not None]
        pick = max if self.sweep.maximise else min
        return pick(done, key=lambda row: row.value or 0.0) if done else None

    def rows(self) -> list[TrialRow]:
        """All trials in the order of their numbers, without waiting trials beyond the limit."""
        trials = self._study.get_trials(deepcopy=False)
        return [
            self._row(trial) for trial in trials if trial.number < self.limit or _STATES[trial.state.name] != "waiting"
        ]

    def _row(self, trial: optuna.trial.FrozenTrial) -> TrialRow:
        values = trial.intermediate_values
        settings = trial.params or trial.system_attrs.get("fixed_params", {})
        best = self._best(list(values.values())) if values else None
        return TrialRow(trial.number, _STATES[trial.state.name], best, len(values), settings)

    def _best(self, values: Sequence[float]) -> float:
        return max(values) if self.sweep.maximise else min(values)

    def _frozen(self, number: int) -> optuna.trial.FrozenTrial:
        return self._study.get_trials(deepcopy=False)[number]

    def _keep_identity(self) -> None:
        """Refuse a study of another sweep."""
        facts = [
            self.sweep.method,
            self.sweep.metric,
            sorted((key, str(p)) for key, p in self.sweep.parameters.items()),
        ]
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:8]
        if self._study.user_attrs.setdefault("digest", digest) != digest:
            raise UserError(
                f"sweep '{self.sweep.name}' was begun with another method, metric or parameters: "
                "give the file another name:, or remove the folder of the sweep"
            )
        self._study.set_user_attr("digest", digest)

    def _requeue(self) -> None:
        """Return trials of a killed sweep to the queue, with their numbers, settings and scores."""
        import optuna

        for trial in self._study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
            self._storage.set_trial_state_values(trial._trial_id, optuna.trial.TrialState.WAITING)  # noqa: SLF001

    def _enqueue_grid(self) -> int:
        """Queue the missing points of the grid, always in the same order; return the size of the grid."""
        keys, parameters = list(self.sweep.parameters), self.sweep.parameters.values()
        points = list(itertools.product(*(parameter.values for parameter in parameters)))
        for point in points[len(self._study.get_trials(deepcopy=False)) :]:
            self._study.enqueue_trial(dict(zip(keys, point, strict=True)))
        return len(points)


@contextmanager
def open_study(sweep: Sweep, folder: Path, epochs: int, trials: int | None) -> Iterator[Study]:
    """Open the study of a folder, ``sweep.db``, under a lock until the block ends.

    Raises:
        UserError: Another process runs the sweep, the study is of another sweep, or an endless sweep has no limit.
    """
    trials = trials or sweep.run_cap
    if trials is None and sweep.method != "grid":
        raise UserError(f"a {sweep.method} sweep has no number of trials: set run_cap: 20 in its file, or trials=20")
    _quiet()
    make_folder(folder)
    from optuna.storages import RDBStorage

    lock = filelock.FileLock(folder / ".lock")
    try:
        held = lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise UserError(f"another process works on the sweep in {folder}: wait for it, or end it") from error
    with held:
        storage = RDBStorage(f"sqlite:///{folder.resolve() / 'sweep.db'}")
        yield Study(sweep, storage, epochs, trials)


def _quiet() -> None:
    """Silence Optuna, which would log every trial a second time."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)


def _distribution(parameter: Parameter) -> optuna.distributions.BaseDistribution:
    import optuna.distributions as kinds

    if parameter.values:
        return kinds.CategoricalDistribution(parameter.values)
    if parameter.whole:
        return kinds.IntDistribution(int(parameter.low), int(parameter.high))
    return kinds.FloatDistribution(parameter.low, parameter.high, log=parameter.log, step=parameter.step)


def _sampler(method: str, seed: int) -> optuna.samplers.BaseSampler:
    """TPE for bayes (Bergstra et al., NeurIPS 2011); it counts running trials as bad, to avoid similar ones."""
    import optuna

    if method == "bayes":
        return optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    return optuna.samplers.RandomSampler(seed=seed)


def _pruner(sweep: Sweep, epochs: int) -> optuna.pruners.BasePruner:
    import optuna

    if sweep.hyperband is None:
        return optuna.pruners.NopPruner()
    most = min(epochs, sweep.hyperband.max_epochs or epochs)
    least = min(sweep.hyperband.min_epochs, most)
    return optuna.pruners.HyperbandPruner(min_resource=least, max_resource=most, reduction_factor=sweep.hyperband.eta)
