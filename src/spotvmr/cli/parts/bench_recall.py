"""``spotvmr bench``: recall against budget, every arm trained alike."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import flag
from spotvmr.config import Config, compose
from spotvmr.config.folders import choices, find_experiment
from spotvmr.errors import UserError
from spotvmr.system.files import write_text_atomic

if TYPE_CHECKING:
    from rich.table import Table

    from spotvmr.benchmarks.recall.curves import CurveRow, Scored
    from spotvmr.metrics import Difference

ARMS = ("all", "none", "random", "uniform", "similarity", "one_shot", "spotter", "spotter_gumbel", "oracle")
BUDGETS = "0.01,0.025,0.05,0.1,0.25,1"
CLAIM = "efficiency_recall"
"""Folder of the experiment that these arms belong to; arms from files belong to that of their file."""
RIVALS = ("similarity", "one_shot", "spotter_gumbel")
"""Of these arms those that the spotter is set against; of arms from files it is set against each."""
QUICK = {"arms": "uniform,one_shot,spotter", "budgets": "0.025,0.05,0.1", "seeds": "0"}
QUICK_EPOCHS = ("trainer.teacher_epochs=3", "trainer.student_epochs=1")


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Make the runs that are missing, then the table of all that are there.

    Returns:
        The rows, the area under each arm's curve, and the spotter's leads over its rivals in area and at each budget.

    Raises:
        UserError: An option is not understood, or an arm is unknown.
    """
    quick = flag(arguments.options, "quick")
    options = {**(QUICK if quick else {}), **arguments.options}
    arms = _arms(options.get("arms", ",".join(ARMS)))
    seeds, budgets = _seeds(options.get("seeds", "0,1,2")), _budgets(options.get("budgets", BUDGETS))
    overrides = [*(QUICK_EPOCHS if quick else ()), *arguments.overrides]
    folder = _folder(config, quick)
    from spotvmr.benchmarks.recall import runs as recall_runs

    # Composed before the first is made: a wrong word shows at once and not after hours.
    runs = [
        recall_runs.plan(overrides, arm, seed, budgets, folder, controls=not quick) for seed in seeds for arm in arms
    ]
    recall_runs.make(runs)
    return _report(Path(config.paths.runs) / folder, arms, kept=folder == "bench", arguments=arguments)


def _folder(config: Config, quick: bool) -> str:
    """Below ``paths.runs``: another data set or model has a folder of its own, where it replaces no usual run."""
    usual = compose([])
    names = (config.dataset.name, usual.dataset.name), (config.model.name, usual.model.name)
    return "-".join(["bench", *(["quick"] if quick else []), *(name for name, known in names if name != known)])


def _report(folder: Path, arms: Sequence[str], kept: bool, arguments: Arguments) -> dict[str, Any]:
    """Table of all runs of the claim that are there, these arms' and others', and with ``kept`` their records."""
    from spotvmr.benchmarks.recall import areas as recall_areas
    from spotvmr.benchmarks.recall import curves as recall_curves
    from spotvmr.report import print_table

    claim, members = _claim(arms)
    scored = recall_curves.read_scored(folder, members)
    rows, areas = recall_curves.rows(scored), recall_areas.areas(scored)
    under = {arm: float(sum(area.mean() for area in seeds.values()) / len(seeds)) for arm, seeds in areas.items()}
    if not arguments.json:
        print_table(_table(rows, scored))
    for arm, area in sorted(under.items(), key=lambda item: -item[1]):
        arguments.show(f"area under R1@0.3 over log10 budget, {arm}: {area:.4f}")
    rivals = RIVALS if claim == CLAIM else members[1:]
    area_leads, leads = recall_areas.area_leads(scored, rivals), recall_areas.leads(scored, rivals)
    for lead in area_leads:
        arguments.show(_gain(f"{lead.baseline}, area from {100 * lead.low:.3g} to {100 * lead.high:.3g} %", lead.gain))
    for rival, budget, gain in leads:
        arguments.show(_gain(f"{rival}, R1@0.3 at {100 * budget:g} %", gain))
    told = {
        "rows": [asdict(row) for row in rows],
        "areas": under,
        "area_leads": [lead.to_json() for lead in area_leads],
        "leads": [{"rival": rival, "budget": budget, **asdict(gain)} for rival, budget, gain in leads],
    }
    path = _keep(scored, told, claim) if kept else folder
    arguments.show(f"records of every run: {path.resolve()}")
    return {**told, "folder": str(folder)}


def _keep(scored: Sequence[Scored], told: Mapping[str, Any], claim: str) -> Path:
    """Leave the records and, since it takes predictions to make them, the table and its intervals."""
    from spotvmr.report import collect
    from spotvmr.types.environment import origin

    path = collect([_named(one) for one in scored], Path("experiments") / claim)
    write_text_atomic(path.with_name("table.json"), json.dumps({**origin("spotvmr"), **told}, indent=1) + "\n")
    return path


def _gain(rival: str, gain: Difference) -> str:
    """The spotter less a rival, for people."""
    return f"spotter - {rival}: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"


def _named(one: Scored) -> Any:
    """A record with the arm by which the table names it."""
    from dataclasses import replace

    return replace(one.record, arm=one.arm)


def _table(rows: Sequence[CurveRow], scored: Sequence[Scored]) -> Table:
    """The rows for people."""
    from rich.table import Table

    from spotvmr.report.wording import amount, interval, percent

    record = scored[0].record if scored else None
    title = (
        f"{record.dataset}, {record.split}: {record.n_queries} queries, {record.hours:.1f} h" if record else "no runs"
    )
    headings = (
        "budget %",
        "seeds",
        "R1@0.3 % [95 %]",
        "of teacher",
        "true clips %",
        "spent % mean/p95/max",
        "of dense",
    )
    table = Table("arm", title=title)
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row.arm,
            percent(row.budget),
            str(len(row.seeds)),
            f"{percent(row.score)} {interval(row.ci95)}",
            f"{row.of_teacher:.3f}" if row.of_teacher is not None else "",
            percent(row.recall),
            " / ".join(percent(share) for share in row.fractions),
            amount(row.ratio),
        )
    return table


def _arms(text: str) -> list[str]:
    """Names of selectors and experiments; a folder of experiments stands for all its files."""
    arms: list[str] = []
    for word in filter(None, text.split(",")):
        files = sorted(Path("experiments", word).glob("*.yaml")) if "/" not in word else []
        if word in choices("selector") or not files:
            arms.append(word)
        else:
            arms += [str(file) for file in files]
    if not arms:
        raise UserError(f"arms={text} names none; try arms={','.join(ARMS[:3])}")
    return arms


def _claim(arms: Sequence[str]) -> tuple[str, list[str]]:
    """Folder of the experiment that some arms belong to, and all arms that it compares, of files the spotter first."""
    files = [find_experiment(arm) for arm in arms if arm not in choices("selector")]
    if not files:
        return CLAIM, list(ARMS)
    return files[0].parent.name, ["spotter", *sorted(path.stem for path in files[0].parent.glob("*.yaml"))]


def _seeds(text: str) -> list[int]:
    """Whole numbers from 0."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words or not all(word.isascii() and word.isdigit() for word in words):
        raise UserError(f"seeds={text} are no whole numbers from 0; try seeds=0,1,2")
    return [int(word) for word in words]


def _budgets(text: str) -> list[float]:
    """Shares above 0 and at most 1."""
    try:
        budgets = [float(word) for word in text.split(",") if word.strip()]
    except ValueError:
        budgets = []
    if not budgets or not all(0 < budget <= 1 for budget in budgets):
        raise UserError(f"budgets={text} are no shares above 0 and at most 1; try budgets={BUDGETS}")
    return budgets
