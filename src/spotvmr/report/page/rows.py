"""Short form of each record, for the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from spotvmr.report.axes import AXES, seconds_per_query
from spotvmr.report.comparable import Group, differing, groups, heading, machine
from spotvmr.types.record import RunRecord


def run_row(record: RunRecord) -> dict[str, Any]:
    """Short form of a record; shares stay shares, costs of stages are divided by the number of queries."""
    n_queries = record.n_queries or 1
    return {
        "name": record.name,
        "arm": record.arm or "",
        "experiment": record.experiment or "",
        "dataset": record.dataset,
        "split": record.split,
        "n": record.n_queries,
        "videos": record.n_videos,
        "hours": short(record.hours),
        "model": record.model,
        "selector": record.selector,
        "budget": record.budget,
        "seed": record.seed,
        "created": record.created,
        "git": record.git,
        "command": record.command,
        "machine": machine(record),
        "metrics": shortened(record.metrics),
        "ci": {name: [short(low), short(high)] for name, (low, high) in record.ci95.items()},
        "fraction": short(record.selection.fraction_mean),
        "found": short(record.selection.gt_clip_recall),
        "gflops": shortened(record.cost.gflops_per_query),
        "ratio": shortened(record.cost.ratio_to_dense),
        "seconds": short(seconds_per_query(record)),
        "stages": {
            stage: [short((spent.get(unit) or 0.0) / n_queries) for unit in ("gflops", "seconds")]
            for stage, spent in record.cost.stages.items()
        },
    }


def comparisons(records: Sequence[RunRecord]) -> dict[str, list[dict[str, Any]]]:
    """Groups of comparable runs on every cost axis: heading, terms, and the numbers of their runs."""
    number = {id(record): place for place, record in enumerate(records)}
    return {
        axis: [_group(group, found, number) for group in found] for axis in AXES if (found := groups(records, axis))
    }


def _group(group: Group, found: Sequence[Group], number: Mapping[int, int]) -> dict[str, Any]:
    return {
        "title": heading(group, differing(found)),
        "terms": dict(group.terms),
        "runs": [number[id(record)] for record in group.members],
    }


def short(value: float | None) -> float | None:
    """Round to four significant digits, enough for a chart at half the bytes; None for other than finite numbers."""
    numeric = isinstance(value, int | float) and math.isfinite(value)
    return float(f"{value:.4g}") if numeric else None


def shortened(values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Round every value with ``short``."""
    return {name: short(value) for name, value in values.items()}
