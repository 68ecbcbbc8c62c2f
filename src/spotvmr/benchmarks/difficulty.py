"""Difficulty of a data set: selectors and baselines, trained as long as the teacher, are measured against gates.

The gates hold if the data set has the problem of the paper: index features alone do not localise moments, neither do
uniform expert clips, and one step on the index finds a large part of the ground-truth clips but not all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table

from spotvmr.config import Config, compose
from spotvmr.errors import UserError
from spotvmr.extraction.prepare import PreparedData, prepare
from spotvmr.features import FeatureStore
from spotvmr.pipeline.train import student_record, teacher_with_record
from spotvmr.training.hardware import check_hardware
from spotvmr.types.record import RunRecord


@dataclass(frozen=True)
class Gate:
    """Limits of one number of one variant on the test split.

    Attributes:
        arm: Name of the variant.
        number: ``R1@0.3``; ``of teacher``, the variant's R1@0.3 over the teacher's; or ``gt_clip_recall``.
        low: Minimum.
        high: Maximum.
    """

    arm: str
    number: str
    low: float
    high: float


VARIANTS = {
    "query alone": ("none", 0.1),
    "none": ("none", 0.1),
    "uniform": ("uniform", 0.1),
    "random": ("random", 0.1),
    "one_shot": ("one_shot", 0.05),
}
"""Selector and budget of each variant; for ``query alone`` all features are zero."""

GATES = (
    Gate("teacher", "R1@0.3", 0.60, 0.95),
    Gate("query alone", "R1@0.3", 0.0, 0.03),
    Gate("none", "of teacher", 0.0, 0.50),
    Gate("uniform", "of teacher", 0.0, 0.65),
    Gate("random", "of teacher", 0.0, 0.65),
    Gate("one_shot", "of teacher", 0.75, 0.95),
    Gate("one_shot", "gt_clip_recall", 0.55, 0.85),
)


def check_difficulty(config: Config, show: Callable[[Table], object]) -> dict[str, Any]:
    """Train and test every variant and show the gates.

    Valid runs are not repeated; their records are in ``<runs>/<name>-check/``.

    Args:
        config: Data set, encoders, model and trainer.
        show: Prints the table of gates.

    Returns:
        Each gate with its measured value, and the records.

    Raises:
        UserError: A gate is missed.
    """
    check_hardware(config.trainer)
    data = prepare(config)
    teacher, record = teacher_with_record(data)
    if record is None:
        raise UserError("demo check runs in one process; leave trainer.devices at 1")
    records = {"teacher": record}
    for name, (selector, budget) in VARIANTS.items():
        found = student_record(_data_of(data, name, selector, budget), teacher)
        if found is not None:
            records[name] = found
    rows = [_row(gate, records) for gate in GATES]
    show(_table(rows))
    if missed := [f"{row['arm']} {row['number']} {row['measured']:.3f}" for row in rows if not row["passed"]]:
        raise UserError(f"{len(missed)} of {len(rows)} gates missed: {'; '.join(missed)}; change the world's settings")
    return {"gates": rows, "records": {name: found.to_json() for name, found in records.items()}}


def _data_of(data: PreparedData, variant: str, selector: str, budget: float) -> PreparedData:
    """The prepared data of one variant, with its own run folder and as many epochs as the teacher."""
    config = data.config
    runs = str(Path(config.paths.runs) / f"{config.name}-check")
    config = replace(
        config,
        name=variant.replace(" ", "-"),
        budget=budget,
        paths=replace(config.paths, runs=runs),
        selector=compose([f"selector={selector}"]).selector,
        trainer=replace(config.trainer, student_epochs=config.trainer.teacher_epochs),
    )
    if variant != "query alone":
        return replace(data, config=config)
    # The teacher gives no supervision on a video of zeros.
    config = replace(config, distill=compose(["distill=none"]).distill)
    return replace(data, config=config, index=_zeros(data.index), expert=_zeros(data.expert))


def _zeros(store: FeatureStore) -> FeatureStore:
    """The store with all features set to zero."""
    return store.without(list(store.key.parts))


def _row(gate: Gate, records: dict[str, RunRecord]) -> dict[str, Any]:
    """A gate with its measured value."""
    record = records[gate.arm]
    score, best = record.metrics["R1@0.3"] or 0.0, records["teacher"].metrics["R1@0.3"] or 1e-9
    numbers = {"R1@0.3": score, "of teacher": score / best, "gt_clip_recall": record.selection.gt_clip_recall or 0.0}
    measured = numbers[gate.number]
    facts = {"arm": gate.arm, "number": gate.number, "low": gate.low, "high": gate.high}
    return facts | {"measured": measured, "passed": gate.low <= measured <= gate.high}


def _table(rows: list[dict[str, Any]]) -> Table:
    """The gates as a table."""
    table = Table("arm", "number", "gate", "measured", "", title="difficulty on the test split")
    for row in rows:
        limits = f"{row['low']:.2f} … {row['high']:.2f}"
        table.add_row(row["arm"], row["number"], limits, f"{row['measured']:.3f}", "ok" if row["passed"] else "MISSED")
    return table
