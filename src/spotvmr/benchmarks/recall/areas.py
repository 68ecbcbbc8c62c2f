"""The spotter against its rivals: areas under curves of recall, and recall at each budget, paired over queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spotvmr.benchmarks.recall.curves import Scored
from spotvmr.metrics import Difference, paired_difference

AREA = (0.01, 0.25)
"""Budgets between which the area under the curve is taken."""
_SOFT = "spotter_gumbel"
"""The selector whose budget is soft: its arms stand at what they spent."""
_LEAST = 1e-4
"""Share of clips at which an arm stands that selects nothing: the axis is a logarithm."""

_Curves = dict[str, dict[int, list[Scored]]]


@dataclass(frozen=True)
class Lead:
    """Area under the spotter's curve less that under a rival's.

    Attributes:
        rival: The rival.
        low: Share of clips at which the areas begin; above 1 % where a soft budget never spent so little.
        high: Where they end.
        gain: The difference, paired over queries, over the seeds that both have.
    """

    rival: str
    low: float
    high: float
    gain: Difference


def areas(scored: Sequence[Scored]) -> dict[str, dict[int, NDArray[np.float64]]]:
    """Area under each arm's curve, by seed and query (Q,), for the arms that were asked at several budgets.

    The curve is R1@0.3 over log10 of the budget, straight between its points, from 1 to 25 %, or as far of that as
    all arms were asked. An arm whose budget is soft has none: it may never spend so little.
    """
    curves = _curves([one for one in scored if not _soft(one)])
    between = _reach(curve for seeds in curves.values() for curve in seeds.values())
    if between is None:
        return {}
    return {arm: {seed: _area(c, *between) for seed, c in seeds.items()} for arm, seeds in curves.items()}


def area_leads(scored: Sequence[Scored], rivals: Sequence[str]) -> list[Lead]:
    """The spotter's lead in area over each rival, as far as both curves reach; the smallest first."""
    curves, found = _curves(scored), []
    for rival in rivals:
        seeds = sorted(curves.get("spotter", {}).keys() & curves.get(rival, {}).keys())
        both = [[curves[arm][seed] for seed in seeds] for arm in ("spotter", rival) if seeds]
        between = _reach(curve for side in both for curve in side)
        if between is not None:
            ours, theirs = (np.mean([_area(curve, *between) for curve in side], 0) for side in both)
            found.append(Lead(rival, *between, paired_difference(ours, theirs)))
    return sorted(found, key=lambda lead: lead.gain.mean)


def leads(scored: Sequence[Scored], rivals: Sequence[str]) -> list[tuple[str, float, Difference]]:
    """The spotter less each rival at each budget that both keep and were asked at, over the seeds both have.

    Returns:
        Rival, budget and the difference of R1@0.3, paired over queries; by rival, budgets ascending.
    """
    hits = {(one.arm, one.record.budget, one.seed): one.hits for one in scored if not _soft(one)}
    pairs: dict[tuple[str, float], list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    for (arm, budget, seed), theirs in hits.items():
        if arm in rivals and ("spotter", budget, seed) in hits:
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


def _curves(scored: Sequence[Scored]) -> _Curves:
    """Records of each arm and seed that was asked at several budgets, controls and adaptive spending left out."""
    curves: _Curves = {}
    for one in scored:
        if one.record.control is None and not one.record.spending:
            curves.setdefault(one.arm, {}).setdefault(one.seed, []).append(one)
    curves = {arm: {seed: c for seed, c in seeds.items() if len(c) > 1} for arm, seeds in curves.items()}
    return {arm: seeds for arm, seeds in curves.items() if seeds}


def _reach(curves: Iterable[list[Scored]]) -> tuple[float, float] | None:
    """The stretch of ``AREA`` on which all of these curves stand; None without one."""
    places = [[_place(one) for one in curve] for curve in curves]
    if not places:
        return None
    low, high = max(AREA[0], *(min(p) for p in places)), min(AREA[1], *(max(p) for p in places))
    return (low, high) if low < high else None


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
    return max(one.record.selection.fraction_mean or 0.0, _LEAST) if _soft(one) else one.record.budget


def _soft(one: Scored) -> bool:
    """Whether the budget was asked for and not kept."""
    return one.record.selector == _SOFT
