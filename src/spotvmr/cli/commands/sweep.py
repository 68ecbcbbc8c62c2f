"""``spotvmr sweep``: try settings, steered by the W&B server or on this machine."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.reads import settings_read_by
from spotvmr.cli.parsing.values import flag, whole_number
from spotvmr.config import Config, compose
from spotvmr.config.folders import CONF
from spotvmr.errors import UserError
from spotvmr.sweeps import Sweep, TrialProcess, TrialRow, read_sweep, run_local, run_on_server, start_trial
from spotvmr.system.cores import usable_cores

if TYPE_CHECKING:
    from rich.table import Table

_PROGRAM = (sys.executable, "-m", "spotvmr.cli.sweep_trial")
_STORED = ("dataset", "index", "expert", "text")
"""Groups that a feature store depends on."""


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Run the trials of a sweep file.

    Returns:
        On this machine the trials, the best of them, and the dashboard; else the path of the sweep on the server.

    Raises:
        UserError: No such file, something in it that cannot be, not logged in, or the first trials all failed.
    """
    if len(arguments.words) != 1:
        raise UserError("sweep needs one file: spotvmr sweep conf/sweep/grid.yaml")
    options = arguments.options
    sweep = read_sweep(_file(arguments.words[0]))
    _check(sweep, arguments.overrides)
    trials = whole_number(options, "trials", 1) if "trials" in options else None
    if not flag(options, "local"):
        path = run_on_server(sweep, arguments.overrides, config.log.project, config.log.entity, trials)
        arguments.show(f"sweep: {path}")
        return {"sweep": path}
    return _local(config, arguments, sweep, trials)


def _local(config: Config, arguments: Arguments, sweep: Sweep, trials: int | None) -> dict[str, Any]:
    from spotvmr.sweeps.study import open_study

    folder = Path(config.paths.runs) / sweep.name
    workers = whole_number(arguments.options, "workers", 2)
    overrides = ["log.wandb=false", "log.progress=false", *arguments.overrides]
    start = partial(_start, sweep, overrides, folder, max(1, usable_cores() // workers))
    epochs = _settings(sweep, overrides, {}).trainer.student_epochs
    with open_study(sweep, folder, epochs, trials) as study:
        if not study.over:
            _prepare(sweep, overrides, folder)
        run_local(study, start, workers)
        rows = study.rows()
        best = study.best()
    if not arguments.json:
        from spotvmr.report import print_table

        print_table(_table(sweep, rows, best))
    result = {
        "folder": str(folder),
        "metric": sweep.metric,
        "trials": [asdict(row) for row in rows],
        "best": best and asdict(best),
        "dashboard": _dashboard(folder, rows, arguments),
    }
    if rows and all(row.state == "failed" for row in rows):
        raise UserError(f"all {len(rows)} trials failed; {folder / 'logs'} has what they wrote", result)
    return result


def _file(name: str) -> Path:
    """A path as it is given, or the name of a file in ``conf/sweep``."""
    shipped = CONF / "sweep" / f"{name}.yaml"
    return shipped if "/" not in name and shipped.is_file() else Path(name)


def _check(sweep: Sweep, overrides: Sequence[str]) -> None:
    """Compose the settings with each value once, so that what is wrong is said before hours of training."""
    first = {key: parameter.examples[0] for key, parameter in sweep.parameters.items()}
    _settings(sweep, overrides, first)
    for key, parameter in sweep.parameters.items():
        for value in parameter.examples[1:]:
            _settings(sweep, overrides, {**first, key: value})


def _settings(sweep: Sweep, overrides: Sequence[str], values: Mapping[str, Any]) -> Config:
    # The file names its runs by the agent's run id, which is not here yet.
    return compose([*sweep.command.words(values, overrides), "name=trial"])


def _prepare(sweep: Sweep, overrides: Sequence[str], folder: Path) -> None:
    """Make data and features before the trials, lest several make the same."""
    words = [word for word in sweep.command.fixed if not word.startswith("name=")]
    for number, values in enumerate(_stores(sweep)):
        given = [*words, *overrides, *(f"{key}={value}" for key, value in values.items())]
        log = folder / "logs" / f"index-{number}.log"
        process = start_trial(_PROGRAM, "index", settings_read_by("index", given), folder, log, usable_cores())
        try:
            if process.process.wait():
                raise UserError(f"data or features cannot be made: {process.last_line()} ({log})")
        finally:
            process.stop()


def _stores(sweep: Sweep) -> Iterator[Mapping[str, Any]]:
    """Each combination of the swept settings that features depend on; one empty one when there are none."""
    lists = {key: p.examples for key, p in sweep.parameters.items() if key.split(".")[0] in _STORED}
    for point in itertools.product(*lists.values()):
        yield dict(zip(lists, point, strict=True))


def _start(
    sweep: Sweep, overrides: Sequence[str], folder: Path, threads: int, number: int, values: Mapping[str, Any]
) -> TrialProcess:
    name = f"trial-{number:03d}"  # not the number alone, which YAML reads as one, without its zeros
    words = [*sweep.command.words(values, overrides), f"name={name}", f"paths.runs={folder}"]
    return start_trial(_PROGRAM, "train", words, folder / name, folder / "logs" / f"{name}.log", threads)


def _table(sweep: Sweep, rows: Sequence[TrialRow], best: TrialRow | None) -> Table:
    """The trials, the best first."""
    from rich.table import Table

    from spotvmr.report import printable

    states = [row.state for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    title = f"{sweep.name}: {counts}" + (f"; best: trial {best.number}" if best else "")
    table = Table(
        "trial", "state", "epochs", sweep.metric, *sweep.parameters, title=printable(title), title_justify="left"
    )
    sign = -1 if sweep.maximise else 1
    for row in sorted(rows, key=lambda row: (row.value is None, sign * (row.value or 0.0))):
        value = "" if row.value is None else f"{row.value:.4f}"
        shown = [printable(_short(row.values.get(key, ""))) for key in sweep.parameters]
        table.add_row(str(row.number), row.state, str(row.epochs), value, *shown)
    return table


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _dashboard(folder: Path, rows: Sequence[TrialRow], arguments: Arguments) -> str | None:
    """The page of the trials that came to an end."""
    if not any(row.state == "done" for row in rows):
        return None
    from spotvmr.report import write_page

    page = folder / "dashboard.html"
    write_page(folder, page)
    arguments.show(f"dashboard: {page}")
    return str(page)
