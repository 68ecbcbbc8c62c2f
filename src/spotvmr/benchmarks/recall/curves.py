"""The table of the recall benchmark: one row for each variant and budget, with bootstrap intervals over queries."""

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
        arm: Name of the variant, with a label for controls and adaptive spending; ``teacher`` for the teacher.
        seed: Seed of the run.
        record: The record.
        hits: Score of each query (Q,), in the order of the query ids.
        teacher_score: Mean score of the run's teacher; of a teacher its own; None without a teacher.
    """

    arm: str
    seed: int
    record: RunRecord
    hits: NDArray[np.float64]
    teacher_score: float | None = None


@dataclass(frozen=True)
class CurveRow:
    """One variant at one budget, over its seeds.

    Attributes:
        arm: Name of the variant.
        budget: The budget of the evaluation.
        seeds: Seeds, ascending.
        score: Mean R1@0.3 over seeds and queries.
        ci95: 95 % interval of the mean over seeds; queries are resampled.
        of_teacher: The score over that of the runs' teachers; None without teachers.
        recall: Ground-truth clip recall.
        fractions: Mean, 95th percentile and maximum of the share of clips that a query spends.
        ratio: GFLOPs of a query that is alone on its video, over those of the dense baseline.
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


def read_scored(folder: Path, variants: Sequence[str]) -> list[Scored]:
    """Read every record of some variants below a folder of runs, and those of their teachers.

    A teacher is named ``teacher``. If the variants of a seed have several teachers, the most frequent one has this
    name, and the others name their variants. Runs on other queries than most are left out with a warning, since they
    cannot be paired.

    Args:
        folder: Folder with a folder ``<variant>-s<seed>`` for each run.
        variants: Names of the variants.
    """
    runs = {run: variant for variant in variants for run in sorted(folder.glob(f"{variant}-s[0-9]*"))}
    teacher_of = {run: _teacher_record(folder, run) for run in runs}
    teachers = {path: read_one(path) for path in dict.fromkeys(teacher_of.values()) if path is not None}
    found = []
    for run, path in teacher_of.items():
        teacher_score = None if path is None else float(teachers[path].hits.mean())
        records = [read_one(record) for record in sorted(run.rglob("record.json"))]
        found += [replace(record, teacher_score=teacher_score) for record in records]
    students = {
        path: list(dict.fromkeys(variant for run, variant in runs.items() if teacher_of[run] == path))
        for path in teachers
    }
    names = _teacher_names({path: one.seed for path, one in teachers.items()}, students)
    found += [replace(one, arm=names[path], teacher_score=float(one.hits.mean())) for path, one in teachers.items()]
    return _with_equal_queries(found)


def read_one(path: Path) -> Scored:
    """Read a ``record.json``, with the score of each query from the predictions beside it."""
    record = read_record(path)
    predictions = sorted(read_predictions(path.with_name("predictions.jsonl")), key=lambda p: p.qid)
    metric = GroundingMetrics(rule=cast(IouRule, record.iou_rule))
    qids = [p.qid for p in predictions]
    metric.update(qids, [p.moments for p in predictions], [p.truth for p in predictions])
    return Scored(record.arm or record.name, record.seed, record, metric.columns(metric.per_query().of(qids))[SCORE])


def _teacher_record(folder: Path, run: Path) -> Path | None:
    """Record of the teacher of a run, if it exists."""
    saved = read_identity(run / WEIGHTS) or {}
    digest = saved.get("weights") or saved.get("teacher") or "none"  # "teacher" in weights of version 1
    return next(iter(sorted(folder.glob(f"*-teacher-*-{digest}/record.json"))), None)


def _teacher_names(seeds: Mapping[Path, int], students: Mapping[Path, Sequence[str]]) -> dict[Path, str]:
    """Name of each teacher, from its seed and its variants; of equally frequent teachers the first is the usual one."""
    usual: dict[int, Path] = {}
    for path in sorted(seeds, key=lambda path: -len(students[path])):
        usual.setdefault(seeds[path], path)
    return {
        path: TEACHER if usual[seed] == path else f"{TEACHER} of {', '.join(students[path])}"
        for path, seed in seeds.items()
    }


def rows(scored: Sequence[Scored]) -> list[CurveRow]:
    """Make one row for each variant and budget: teachers first, variants in their order, budgets ascending."""
    cells: dict[tuple[str, float], list[Scored]] = {}
    for one in sorted(scored, key=lambda one: not one.arm.startswith(TEACHER)):
        cells.setdefault((one.arm, one.record.budget), []).append(one)
    order = list(dict.fromkeys(name for name, _ in cells))
    keys = sorted(cells, key=lambda key: (order.index(key[0]), key[1]))
    return [_row(*key, cells[key]) for key in keys]


def _with_equal_queries(found: list[Scored]) -> list[Scored]:
    """The records on the most frequent set of queries."""
    marks = [(one.record.dataset, one.record.annotations_digest) for one in found]
    usual = max(set(marks), key=marks.count, default=None)
    kept = [one for one, mark in zip(found, marks, strict=True) if mark == usual]
    if len(kept) < len(found):
        log.warning("%d of %d records are on other queries and are left out", len(found) - len(kept), len(found))
    return kept


def _row(variant: str, budget: float, members: Sequence[Scored]) -> CurveRow:
    """Summarise one variant at one budget."""
    per_query = np.mean([one.hits for one in members], 0)
    score = float(per_query.mean())
    low, high = bootstrap_ci({SCORE: per_query})[SCORE]
    teachers = [one.teacher_score for one in members if one.teacher_score is not None]
    students = [one.hits.mean() for one in members if one.teacher_score is not None]
    selections = [one.record.selection for one in members]
    spent = [(s.fraction_mean or 0.0, s.fraction_p95 or 0.0, s.fraction_max or 0.0) for s in selections]
    mean, p95, most = np.mean(spent, 0)
    return CurveRow(
        variant,
        budget,
        tuple(sorted(one.seed for one in members)),
        score,
        (low, high),
        float(np.mean(students) / np.mean(teachers)) if teachers and np.mean(teachers) else None,
        float(np.mean([s.gt_clip_recall or 0.0 for s in selections])),
        (float(mean), float(p95), float(most)),
        float(np.mean([one.record.cost.ratio_to_dense.get("q1") or 0.0 for one in members])),
    )
