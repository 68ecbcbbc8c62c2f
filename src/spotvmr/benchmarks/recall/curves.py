"""From the records of many runs to the rows of a table, with bootstrap intervals over queries."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from spotvmr.assembly import read_identity
from spotvmr.metrics import GroundingMetrics, IouRule, bootstrap_ci
from spotvmr.pipeline.folders import WEIGHTS
from spotvmr.types.predictions import read_predictions
from spotvmr.types.record import RunRecord, read_record

log = logging.getLogger(__name__)

SCORE = "R1@0.3"
TEACHER = "teacher"


@dataclass(frozen=True)
class Scored:
    """One record with the score of each query.

    Attributes:
        arm: Arm, with its label for controls and adaptive spending; ``teacher`` for the teacher.
        seed: Of the run.
        record: The record.
        hits: Score of each query (Q,), in the order of the query ids.
        taught: Mean score of the teacher that it learnt from, a teacher's its own; None without one.
    """

    arm: str
    seed: int
    record: RunRecord
    hits: NDArray[np.float64]
    taught: float | None = None


@dataclass(frozen=True)
class Row:
    """One arm at one budget, over its seeds.

    Attributes:
        arm: The arm.
        budget: What was asked for.
        seeds: Seeds, ascending.
        score: Mean R1@0.3 over seeds and queries.
        ci95: Of the mean over seeds, resampling queries.
        of_teacher: Over that of the teachers that the runs learnt from; None without one.
        recall: Share of the true clips that were selected.
        fractions: Mean, 95th percentile and largest share of clips spent by a query.
        ratio: GFLOPs of a query alone on its video over those of the dense way.
    """

    arm: str
    budget: float
    seeds: tuple[int, ...]
    score: float
    ci95: tuple[float, float]
    of_teacher: float | None
    recall: float
    fractions: tuple[float, float, float]
    ratio: float


def read_scored(folder: Path, arms: Sequence[str]) -> list[Scored]:
    """Read every record of some arms below a folder of runs, and of the teachers they learnt from.

    The arm of a teacher is ``teacher``; where arms of a seed learnt from several, that of one which fewer learnt from
    names them. Runs on other queries than most are left out with a warning: they cannot be paired.

    Args:
        folder: With a folder ``<arm>-s<seed>`` for each run.
        arms: Their names.
    """
    runs = {run: arm for arm in arms for run in sorted(folder.glob(f"{arm}-s[0-9]*"))}
    learnt = {run: _teacher_record(folder, run) for run in runs}
    teachers = {path: read_one(path) for path in dict.fromkeys(learnt.values()) if path is not None}
    found = []
    for run, path in learnt.items():
        taught = None if path is None else float(teachers[path].hits.mean())
        found += [replace(read_one(record), taught=taught) for record in sorted(run.rglob("record.json"))]
    pupils = {path: list(dict.fromkeys(arm for run, arm in runs.items() if learnt[run] == path)) for path in teachers}
    names = _teacher_names({path: one.seed for path, one in teachers.items()}, pupils)
    found += [replace(one, arm=names[path], taught=float(one.hits.mean())) for path, one in teachers.items()]
    return _alike(found)


def read_one(path: Path) -> Scored:
    """Read a ``record.json``, with the score of each query from the predictions beside it."""
    record = read_record(path)
    predictions = sorted(read_predictions(path.with_name("predictions.jsonl")), key=lambda p: p.qid)
    metric = GroundingMetrics(rule=cast(IouRule, record.iou_rule))
    qids = [p.qid for p in predictions]
    metric.update(qids, [p.moments for p in predictions], [p.truth for p in predictions])
    return Scored(record.arm or record.name, record.seed, record, metric.columns(metric.per_query().of(qids))[SCORE])


def _teacher_record(folder: Path, run: Path) -> Path | None:
    """Record of the teacher that a run learnt from, if it is there."""
    saved = read_identity(run / WEIGHTS) or {}
    digest = saved.get("weights") or saved.get("teacher") or "none"  # "teacher" in weights of version 1
    return next(iter(sorted(folder.glob(f"*-teacher-*-{digest}/record.json"))), None)


def _teacher_names(seeds: Mapping[Path, int], pupils: Mapping[Path, Sequence[str]]) -> dict[Path, str]:
    """Arm of each teacher, given its seed and the arms that learnt from it; of equals the first is the usual one."""
    usual: dict[int, Path] = {}
    for path in sorted(seeds, key=lambda path: -len(pupils[path])):
        usual.setdefault(seeds[path], path)
    return {
        path: TEACHER if usual[seed] == path else f"{TEACHER} of {', '.join(pupils[path])}"
        for path, seed in seeds.items()
    }


def rows(scored: Sequence[Scored]) -> list[Row]:
    """One row for each arm and budget, budgets ascending, in the order of the arms' first records; teachers first."""
    cells: dict[tuple[str, float], list[Scored]] = {}
    for one in sorted(scored, key=lambda one: not one.arm.startswith(TEACHER)):
        cells.setdefault((one.arm, one.record.budget), []).append(one)
    order = list(dict.fromkeys(arm for arm, _ in cells))
    keys = sorted(cells, key=lambda key: (order.index(key[0]), key[1]))
    return [_row(*key, cells[key]) for key in keys]


def _alike(found: list[Scored]) -> list[Scored]:
    """Those that were asked the same queries as most."""
    marks = [(one.record.dataset, one.record.annotations_digest) for one in found]
    usual = max(set(marks), key=marks.count, default=None)
    kept = [one for one, mark in zip(found, marks, strict=True) if mark == usual]
    if len(kept) < len(found):
        log.warning("%d of %d records are of other queries and left out", len(found) - len(kept), len(found))
    return kept


def _row(arm: str, budget: float, members: Sequence[Scored]) -> Row:
    """Summarise one arm at one budget."""
    per_query = np.mean([one.hits for one in members], 0)
    score = float(per_query.mean())
    low, high = bootstrap_ci({SCORE: per_query})[SCORE]
    taught = [one.taught for one in members if one.taught is not None]
    ours = [one.hits.mean() for one in members if one.taught is not None]
    selections = [one.record.selection for one in members]
    spent = [(s.fraction_mean or 0.0, s.fraction_p95 or 0.0, s.fraction_max or 0.0) for s in selections]
    mean, p95, most = np.mean(spent, 0)
    return Row(
        arm,
        budget,
        tuple(sorted(one.seed for one in members)),
        score,
        (low, high),
        float(np.mean(ours) / np.mean(taught)) if taught and np.mean(taught) else None,
        float(np.mean([s.gt_clip_recall or 0.0 for s in selections])),
        (float(mean), float(p95), float(most)),
        float(np.mean([one.record.cost.ratio_to_dense.get("q1") or 0.0 for one in members])),
    )
