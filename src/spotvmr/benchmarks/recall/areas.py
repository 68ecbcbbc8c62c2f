"""The spotter against baselines: area under the recall curve, and recall at each budget, paired over queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.benchmarks.recall.curves import Scored
from spotvmr.metrics import Difference, paired_difference

AREA = (0.01, 0.25)
"""Limits of the area under the curve, as budgets."""
_SOFT = "spotter_gumbel"
"""The selector with a soft budget: its points lie at the share of clips that it spent."""
_LEAST = 1e-4
"""Lowest share of clips on the axis, which is logarithmic."""

_Curves = dict[str, dict[int, list[Scored]]]


@dataclass(frozen=True)
class Lead:
    """Area under the spotter's curve minus the area under a baseline's curve.

    Attributes:
        baseline: Name of the baseline.
        low: Lower limit of the areas, a share of clips; above 1 % if a soft budget spent more at its lowest point.
        high: Upper limit of the areas.
        gain: The difference, paired over queries, over the seeds of both.
    """

    baseline: str
    low: float
    high: float
    gain: Difference

    def to_json(self) -> dict[str, Any]:
        """The lead as ``table.json`` has it."""
        return {"rival": self.baseline, "low": self.low, "high": self.high, "gain": asdict(self.gain)}


def areas(scored: Sequence[Scored]) -> dict[str, dict[int, NDArray[np.float64]]]:
    """Area under the curve of each variant with several budgets, by seed and query (Q,).

    The curve is R1@0.3 over log10 of the budget, linear between its points. The limits are 1 and 25 %, or the part of
    this range that all curves cover. Variants with a soft budget are left out, since they may not spend so little.
    """
    curves = _curves([one for one in scored if not _soft(one)])
    between = _reach(curve for seeds in curves.values() for curve in seeds.values())
    if between is None:
        return {}
    return {name: {seed: _area(c, *between) for seed, c in seeds.items()} for name, seeds in curves.items()}


def area_leads(scored: Sequence[Scored], baselines: Sequence[str]) -> list[Lead]:
    """The spotter's lead in area over each baseline, on the range that both curves cover; the smallest first."""
    curves, found = _curves(scored), []
    for baseline in baselines:
        seeds = sorted(curves.get("spotter", {}).keys() & curves.get(baseline, {}).keys())
        both = [[curves[name][seed] for seed in seeds] for name in ("spotter", baseline) if seeds]
        between = _reach(curve for side in both for curve in side)
        if between is not None:
            ours, theirs = (np.mean([_area(curve, *between) for curve in side], 0) for side in both)
            found.append(Lead(baseline, *between, paired_difference(ours, theirs)))
    return sorted(found, key=lambda lead: lead.gain.mean)


def leads(scored: Sequence[Scored], baselines: Sequence[str]) -> list[tuple[str, float, Difference]]:
    """The spotter minus each baseline at each budget of both, over the seeds of both; soft budgets are left out.

    Returns:
        Baseline, budget and the difference of R1@0.3, paired over queries; by baseline, budgets ascending.
    """
    hits = {(one.arm, one.record.budget, one.seed): one.hits for one in scored if not _soft(one)}
    pairs: dict[tuple[str, float], list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    for (name, budget, seed), theirs in hits.items():
        if name in baselines and ("spotter", budget, seed) in hits:
            pairs.setdefault((name, budget), []).append((hits["spotter", budget, seed], theirs))
    return [(*key, paired_difference(*np.mean(pairs[key], 0))) for key in sorted(pairs)]


def weights_of(budgets: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Weight of each point of a curve in the area under it between two budgets (K,).

    Args:
        budgets: Budgets of the points (K,), ascending and above 0.
        low: Lower limit of the area.
        high: Upper limit of the area.

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
    """Records of each variant and seed with several budgets, without controls and adaptive spending."""
    curves: _Curves = {}
    for one in scored:
        if one.record.control is None and not one.record.spending:
            curves.setdefault(one.arm, {}).setdefault(one.seed, []).append(one)
    curves = {name: {seed: c for seed, c in seeds.items() if len(c) > 1} for name, seeds in curves.items()}
    return {name: seeds for name, seeds in curves.items() if seeds}


def _reach(curves: Iterable[list[Scored]]) -> tuple[float, float] | None:
    """The part of ``AREA`` that all of these curves cover; None if there is none."""
    places = [[_place(one) for one in curve] for curve in curves]
    if not places:
        return None
    low, high = max(AREA[0], *(min(p) for p in places)), min(AREA[1], *(max(p) for p in places))
    return (low, high) if low < high else None


def _area(curve: Sequence[Scored], low: float, high: float) -> NDArray[np.float64]:
    """Area under the curve of one run for each query (Q,)."""
    points: dict[float, list[NDArray[np.float64]]] = {}
    for one in curve:
        points.setdefault(_place(one), []).append(one.hits)
    budgets = np.array(sorted(points))
    hits = np.stack([np.mean(points[budget], 0) for budget in budgets])  # (K, Q)
    return np.asarray(weights_of(budgets, low, high) @ hits)


def _place(one: Scored) -> float:
    """Place of a record on the axis: its budget, or for a soft budget the share of clips that it spent."""
    return max(one.record.selection.fraction_mean or 0.0, _LEAST) if _soft(one) else one.record.budget


def _soft(one: Scored) -> bool:
    """Whether the record's selector has a soft budget."""
    return one.record.selector == _SOFT
