"""From the records of many runs to rows and curves with bootstrap intervals, paired over queries."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from spotvmr.assembly import read_identity
from spotvmr.engine.pipeline import WEIGHTS
from spotvmr.metrics import Difference, GroundingMetrics, IouRule, bootstrap_ci, paired_difference
from spotvmr.types.predictions import read_predictions
from spotvmr.types.record import RunRecord, read_record

log = logging.getLogger(__name__)

SCORE = "R1@0.3"
AREA = (0.01, 0.25)
"""Budgets between which the area under the curve is taken."""
_LEAST = 1e-4
"""Share of clips at which an arm stands that selects nothing: the axis is a logarithm."""
RIVALS = ("similarity", "one_shot", "spotter_gumbel")


@dataclass(frozen=True)
class Scored:
    """One record with the score of each query.

    Attributes:
        arm: Arm, with its label for controls and adaptive spending; ``teacher`` for the teacher.
        seed: Of the run.
        record: The record.
        hits: Score of each query (Q,), in the order of the query ids.
    """

    arm: str
    seed: int
    record: RunRecord
    hits: NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One arm at one budget, over its seeds.

    Attributes:
        arm: The arm.
        budget: What was asked for.
        seeds: Seeds, ascending.
        score: Mean R1@0.3 over seeds and queries.
        ci95: Of the mean over seeds, resampling queries.
        of_teacher: Over the teacher's of the same seeds; None without one.
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

    Runs on other queries than most are left out with a warning: they cannot be paired.

    Args:
        folder: With a folder ``<arm>-s<seed>`` for each run.
        arms: Their names.
    """
    runs = [run for arm in arms for run in sorted(folder.glob(f"{arm}-s[0-9]*"))]
    found = [read_one(path) for run in runs for path in sorted(run.rglob("record.json"))]
    teachers = {path for run in runs for path in _teacher_record(folder, run)}
    found += [replace(read_one(path), arm="teacher") for path in sorted(teachers)]
    return _alike(found)


def read_one(path: Path) -> Scored:
    """Read a ``record.json``, with the score of each query from the predictions beside it."""
    record = read_record(path)
    predictions = sorted(read_predictions(path.with_name("predictions.jsonl")), key=lambda p: p.qid)
    metric = GroundingMetrics(rule=cast(IouRule, record.iou_rule))
    qids = [p.qid for p in predictions]
    metric.update(qids, [p.moments for p in predictions], [p.truth for p in predictions])
    return Scored(record.arm or record.name, record.seed, record, metric.columns(metric.per_query().of(qids))[SCORE])


def _teacher_record(folder: Path, run: Path) -> list[Path]:
    """Record of the teacher that a run learnt from, if it is there."""
    digest = (read_identity(run / WEIGHTS) or {}).get("teacher", "none")
    return sorted(folder.glob(f"*-teacher-*-{digest}/record.json"))


def rows(scored: Sequence[Scored]) -> list[Row]:
    """One row for each arm and budget, budgets ascending, in the order of the arms' first records; teachers first."""
    teacher = {one.seed: one for one in scored if one.arm == "teacher"}
    cells: dict[tuple[str, float], list[Scored]] = {}
    for one in sorted(scored, key=lambda one: one.arm != "teacher"):
        cells.setdefault((one.arm, one.record.budget), []).append(one)
    order = list(dict.fromkeys(arm for arm, _ in cells))
    keys = sorted(cells, key=lambda key: (order.index(key[0]), key[1]))
    return [_row(*key, cells[key], teacher) for key in keys]


def areas(scored: Sequence[Scored]) -> dict[str, dict[int, NDArray[np.float64]]]:
    """Area under each arm's curve, by seed and query (Q,), for the arms that were asked at several budgets.

    The curve is R1@0.3 over log10 of the budget, straight between its points and flat beyond them, from 1 to
    25 % (or as far of that as all arms were asked). An arm whose budget is soft stands at what it realised.
    """
    curves: dict[str, dict[int, list[Scored]]] = {}
    for one in scored:
        if one.record.control is None and not one.record.spending and one.arm not in ("teacher", "all", "none"):
            curves.setdefault(one.arm, {}).setdefault(one.seed, []).append(one)
    curves = {arm: {s: c for s, c in seeds.items() if len(c) > 1} for arm, seeds in curves.items()}
    curves = {arm: seeds for arm, seeds in curves.items() if seeds}
    asked = [{one.record.budget for one in curve} for seeds in curves.values() for curve in seeds.values()]
    shared = sorted(b for b in set.intersection(*asked) if AREA[0] <= b <= AREA[1]) if asked else []
    if len(shared) < 2:
        return {}
    return {arm: {s: _area(c, shared[0], shared[-1]) for s, c in seeds.items()} for arm, seeds in curves.items()}


def lead(areas_of: Mapping[str, Mapping[int, NDArray[np.float64]]]) -> tuple[str, Difference] | None:
    """The best rival of the spotter, and the paired difference of their areas over the seeds both have."""
    rivals = [arm for arm in RIVALS if arm in areas_of]
    if "spotter" not in areas_of or not rivals:
        return None
    best = max(rivals, key=lambda arm: float(np.mean([area.mean() for area in areas_of[arm].values()])))
    seeds = sorted(areas_of["spotter"].keys() & areas_of[best].keys())
    if not seeds:
        return None
    ours, theirs = (np.mean([areas_of[arm][seed] for seed in seeds], 0) for arm in ("spotter", best))
    return best, paired_difference(ours, theirs)


def leads(scored: Sequence[Scored]) -> list[tuple[str, float, Difference]]:
    """The spotter less each rival at each budget that both were asked at, over the seeds both have.

    Returns:
        Rival, budget and the difference of R1@0.3, paired over queries; by rival, budgets ascending.
    """
    hits = {(one.arm, one.record.budget, one.seed): one.hits for one in scored}
    pairs: dict[tuple[str, float], list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    for (arm, budget, seed), theirs in hits.items():
        if arm in RIVALS and ("spotter", budget, seed) in hits:
            pairs.setdefault((arm, budget), []).append((hits["spotter", budget, seed], theirs))
    return [(*key, paired_difference(*np.mean(pairs[key], 0))) for key in sorted(pairs)]


def weights_of(budgets: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """What each point of a curve counts in the area under it between two budgets (K,).

    Args:
        budgets: Of the points (K,), ascending and above 0.
        low: Where the area begins.
        high: Where it ends.

    Example:
        >>> weights_of(np.array([0.01, 0.1]), 0.01, 0.1).tolist()
        [0.5, 0.5]
    """
    points = np.log10(budgets)
    ends = np.log10([low, high])
    inner = points[(points > ends[0]) & (points < ends[1])]
    nodes = np.unique(np.concatenate([ends, inner]))
    steps = np.diff(nodes)
    at_node = np.concatenate([steps, [0]]) / 2 + np.concatenate([[0], steps]) / 2
    hats = np.stack([np.interp(nodes, points, unit) for unit in np.eye(len(points))])
    return np.asarray(hats @ at_node)


def _alike(found: list[Scored]) -> list[Scored]:
    """Those that were asked the same queries as most."""
    marks = [(one.record.dataset, one.record.annotations_digest) for one in found]
    usual = max(set(marks), key=marks.count, default=None)
    kept = [one for one, mark in zip(found, marks, strict=True) if mark == usual]
    if len(kept) < len(found):
        log.warning("%d of %d records are of other queries and left out", len(found) - len(kept), len(found))
    return kept


def _row(arm: str, budget: float, members: Sequence[Scored], teacher: Mapping[int, Scored]) -> Row:
    """Summarise one arm at one budget."""
    per_query = np.mean([one.hits for one in members], 0)
    score = float(per_query.mean())
    low, high = bootstrap_ci({SCORE: per_query})[SCORE]
    taught = [teacher[one.seed].hits.mean() for one in members if one.seed in teacher]
    ours = [one.hits.mean() for one in members if one.seed in teacher]
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


def _area(curve: Sequence[Scored], low: float, high: float) -> NDArray[np.float64]:
    """Area under the curve of one run, a number a query (Q,)."""
    points: dict[float, list[NDArray[np.float64]]] = {}
    for one in curve:
        points.setdefault(_place(one), []).append(one.hits)
    budgets = np.array(sorted(points))
    hits = np.stack([np.mean(points[budget], 0) for budget in budgets])  # (K, Q)
    return np.asarray(weights_of(budgets, low, high) @ hits)


def _place(one: Scored) -> float:
    """Where a record stands on the axis: at its budget, or with a soft one at what it realised."""
    if one.record.selector != "spotter_gumbel":
        return one.record.budget
    return max(one.record.selection.fraction_mean or 0.0, _LEAST)
