"""Sweep files, in the format of ``wandb sweep``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError
from spotvmr.sweeps.command import CommandLine, read_command
from spotvmr.sweeps.parameters import Parameter, read_parameter

METHODS = ("grid", "random", "bayes")
METRICS = (
    *("val/R1@0.3", "val/R1@0.5", "val/R1@0.7", "val/R5@0.3", "val/R5@0.5", "val/mIoU", "val/any_budget"),
    *("val/fraction_mean", "val/fraction_p95", "val/fraction_max", "val/gt_clip_recall", "val/selection_entropy"),
)
"""Validation metrics that a training logs."""


@dataclass(frozen=True)
class Hyperband:
    """Early termination of bad trials by Hyperband (Li et al., JMLR 2018).

    Attributes:
        min_epochs: Minimum epochs of every trial.
        max_epochs: Epochs of the longest trial; None: the epochs of the settings.
        eta: One of ``eta`` trials continues.
    """

    min_epochs: int
    max_epochs: int | None
    eta: int


@dataclass(frozen=True)
class Sweep:
    """A sweep file.

    Attributes:
        name: Name of the sweep, by default that of the file.
        method: One of ``METHODS``.
        metric: A validation metric, such as ``val/R1@0.3``.
        maximise: Whether a higher value is better.
        parameters: Searched settings, by dotted key.
        command: Command of a trial.
        hyperband: Early termination, if any.
        run_cap: Number of trials; None: all of a grid.
        plain: Content of the file, for the server.
    """

    name: str
    method: str
    metric: str
    maximise: bool
    parameters: Mapping[str, Parameter]
    command: CommandLine
    hyperband: Hyperband | None
    run_cap: int | None
    plain: Mapping[str, Any]


def read_sweep(path: Path) -> Sweep:
    """Read a sweep file.

    Raises:
        UserError: The file is absent, no YAML, or not a sweep of ``spotvmr train``.
    """
    try:
        plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read sweep file {path}: {error.strerror}; conf/sweep/ has examples") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(plain, dict):
        raise UserError(f"{path} is no sweep: needs method, metric, parameters and command; conf/sweep/ has examples")
    name = str(plain.get("name") or path.stem)
    if any(sign in name for sign in "/\\") or name.startswith("."):
        raise UserError(f"name '{name}' in {path} is no name of a folder: leave out '/' and '\\'")
    method = plain.get("method")
    if method not in METHODS:
        raise UserError(f"method {method!r} in {path} is unknown: choose from {', '.join(METHODS)}")
    metric, maximise = _metric(plain.get("metric"), path)
    return Sweep(
        name=name,
        method=method,
        metric=metric,
        maximise=maximise,
        parameters=_parameters(plain.get("parameters"), method, path),
        command=read_command(plain.get("command"), str(path)),
        hyperband=_hyperband(plain.get("early_terminate"), path),
        run_cap=_whole(plain.get("run_cap"), "run_cap", path),
        plain=plain,
    )


def _metric(given: Any, path: Path) -> tuple[str, bool]:
    """Name and direction. Metrics of the test split are refused: they must not guide a search."""
    given = given if isinstance(given, Mapping) else {}
    name, goal = str(given.get("name", "")), given.get("goal", "minimize")
    if not name.startswith("val/"):
        raise UserError(f"metric '{name}' in {path} is no validation metric: use one such as val/R1@0.3")
    if name not in METRICS:
        raise UserError(f"metric '{name}' in {path} is logged by no training: {did_you_mean(name, METRICS)}")
    if goal not in ("maximize", "minimize"):
        raise UserError(f"goal {goal!r} in {path} is unknown: choose from maximize, minimize")
    return name, goal == "maximize"


def _parameters(given: Any, method: str, path: Path) -> dict[str, Parameter]:
    if not isinstance(given, Mapping) or not given:
        raise UserError(f"{path} has no parameters: write 'parameters: {{budget: {{values: [0.05, 0.1]}}}}'")
    found = {}
    for key, entry in given.items():
        if not isinstance(entry, Mapping) or "parameters" in entry:
            raise UserError(f"parameter {key} in {path} is nested: use dotted names such as trainer.lr")
        found[str(key)] = read_parameter(str(key), entry, str(path))
        if method == "grid" and not found[str(key)].values:
            raise UserError(f"parameter {key} in {path} has a range, a grid needs values: [a, b]")
    return found


def _hyperband(given: Any, path: Path) -> Hyperband | None:
    """Minimum epochs: ``min_iter``, or ``max_iter`` divided by ``eta`` to the power ``s``, as in W&B."""
    if given is None:
        return None
    if not isinstance(given, Mapping) or given.get("type") != "hyperband":
        raise UserError(f"early_terminate in {path} must be of type hyperband, with min_iter, or with max_iter and s")
    names = ("min_iter", "max_iter", "s", "eta")
    least, most, brackets, eta = (_whole(given.get(name), f"early_terminate.{name}", path) for name in names)
    eta = 3 if eta is None else eta
    if eta < 2:
        raise UserError(f"early_terminate.eta={eta} in {path} is too small: must be at least 2")
    if least is None and most is None:
        raise UserError(f"early_terminate in {path} needs min_iter, or max_iter and s")
    if least is None:
        assert most is not None
        least = max(1, most // eta ** (brackets or 1))
    return Hyperband(least, most, eta)


def _whole(value: Any, name: str, path: Path) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise UserError(f"{name}={value!r} in {path} must be a whole number of at least 1")
    return value
