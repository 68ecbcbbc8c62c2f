"""``spotvmr bench``: recall against budget, every selector trained alike."""

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

SELECTORS = ("all", "none", "random", "uniform", "similarity", "one_shot", "spotter", "spotter_gumbel", "oracle")
BUDGETS = "0.01,0.025,0.05,0.1,0.25,1"
CLAIM = "efficiency_recall"
"""Folder of the experiment with these selectors; a selector from a file belongs to the experiment of its file."""
BASELINES = ("similarity", "one_shot", "spotter_gumbel")
"""Those of these selectors that the spotter is compared with; of selectors from files it is compared with each."""
QUICK = {"arms": "uniform,one_shot,spotter", "budgets": "0.025,0.05,0.1", "seeds": "0"}
QUICK_EPOCHS = ("trainer.teacher_epochs=3", "trainer.student_epochs=1")


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Make the runs that are missing, then the table of all that are there.

    Returns:
        The rows, the area under the curve of each selector, and the leads of the spotter over its baselines, in area
        and at each budget.

    Raises:
        UserError: An option is not understood, or a selector is unknown.
    """
    quick = flag(arguments.options, "quick")
    options = {**(QUICK if quick else {}), **arguments.options}
    selectors = _selectors(options.get("arms", ",".join(SELECTORS)))
    seeds, budgets = _seeds(options.get("seeds", "0,1,2")), _budgets(options.get("budgets", BUDGETS))
    overrides = [*(QUICK_EPOCHS if quick else ()), *arguments.overrides]
    folder = _folder(config, quick)
    from spotvmr.benchmarks.recall import runs as recall_runs

    # Composed before the first is made: a wrong word shows at once and not after hours.
    runs = [
        recall_runs.plan(overrides, selector, seed, budgets, folder, controls=not quick)
        for seed in seeds
        for selector in selectors
    ]
    recall_runs.make(runs)
    return _report(Path(config.paths.runs) / folder, selectors, kept=folder == "bench", arguments=arguments)


def _folder(config: Config, quick: bool) -> str:
    """Below ``paths.runs``: another data set or model has a folder of its own, where it replaces no usual run."""
    usual = compose([])
    names = (config.dataset.name, usual.dataset.name), (config.model.name, usual.model.name)
    return "-".join(["bench", *(["quick"] if quick else []), *(name for name, known in names if name != known)])


def _report(folder: Path, selectors: Sequence[str], kept: bool, arguments: Arguments) -> dict[str, Any]:
    """Table of all runs of the claim that are there, whatever their selectors; with ``kept`` also their records."""
    from spotvmr.benchmarks.recall import areas as recall_areas
    from spotvmr.benchmarks.recall import curves as recall_curves
    from spotvmr.report import print_table

    claim, members = _claim(selectors)
    scored = recall_curves.read_scored(folder, members)
    rows, areas = recall_curves.rows(scored), recall_areas.areas(scored)
    under = {
        selector: float(sum(area.mean() for area in seeds.values()) / len(seeds)) for selector, seeds in areas.items()
    }
    if not arguments.json:
        print_table(_table(rows, scored))
    for selector, area in sorted(under.items(), key=lambda item: -item[1]):
        arguments.show(f"area under R1@0.3 over log10 budget, {selector}: {area:.4f}")
    baselines = BASELINES if claim == CLAIM else members[1:]
    area_leads, leads = recall_areas.area_leads(scored, baselines), recall_areas.leads(scored, baselines)
    for lead in area_leads:
        arguments.show(_gain(f"{lead.baseline}, area from {100 * lead.low:.3g} to {100 * lead.high:.3g} %", lead.gain))
    for baseline, budget, gain in leads:
        arguments.show(_gain(f"{baseline}, R1@0.3 at {100 * budget:g} %", gain))
    result = {
        "rows": [asdict(row) for row in rows],
        "areas": under,
        "area_leads": [lead.to_json() for lead in area_leads],
        "leads": [{"rival": baseline, "budget": budget, **asdict(gain)} for baseline, budget, gain in leads],
    }
    path = _keep(scored, result, claim) if kept else folder
    arguments.show(f"records of every run: {path.resolve()}")
    return {**result, "folder": str(folder)}


def _keep(scored: Sequence[Scored], result: Mapping[str, Any], claim: str) -> Path:
    """Leave the records and, since it takes predictions to make them, the table and its intervals."""
    from spotvmr.report import collect
    from spotvmr.types.environment import origin

    path = collect([_named(one) for one in scored], Path("experiments") / claim)
    write_text_atomic(path.with_name("table.json"), json.dumps({**origin("spotvmr"), **result}, indent=1) + "\n")
    return path


def _gain(baseline: str, gain: Difference) -> str:
    """The spotter less a baseline, for people."""
    return f"spotter - {baseline}: {gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"


def _named(one: Scored) -> Any:
    """A record with the name that the table gives it."""
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


def _selectors(text: str) -> list[str]:
    """Names of selectors and experiments; a folder of experiments stands for all its files."""
    selectors: list[str] = []
    for word in filter(None, text.split(",")):
        files = sorted(Path("experiments", word).glob("*.yaml")) if "/" not in word else []
        if word in choices("selector") or not files:
            selectors.append(word)
        else:
            selectors += [str(file) for file in files]
    if not selectors:
        raise UserError(f"arms={text} names none; try arms={','.join(SELECTORS[:3])}")
    return selectors


def _claim(selectors: Sequence[str]) -> tuple[str, list[str]]:
    """Folder of the experiment with some selectors, and all selectors that it compares, of files the spotter first."""
    files = [find_experiment(selector) for selector in selectors if selector not in choices("selector")]
    if not files:
        return CLAIM, list(SELECTORS)
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
