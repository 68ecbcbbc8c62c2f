"""Areas under curves of recall over the logarithm of the budget."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from spotvmr.benchmarks.recall.areas import area_leads, areas, leads, weights_of
from spotvmr.benchmarks.recall.curves import Scored

BASELINES = ("similarity", "one_shot", "spotter_gumbel")


def area_by_hand(budgets: list[float], values: list[float], low: float, high: float) -> float:
    """Trapezoids on a very fine grid: an independent integral of the interpolated curve."""
    grid = np.linspace(np.log10(low), np.log10(high), 200_001)
    return float(np.trapezoid(np.interp(grid, np.log10(budgets), values), grid))


@pytest.mark.parametrize(
    "budgets",
    [
        [0.01, 0.025, 0.05, 0.1, 0.25],
        [0.01, 0.025, 0.05, 0.1, 0.25, 1.0],  # beyond the end
        [0.013, 0.06, 0.3],  # a soft budget's realised shares
        [0.0001, 0.002, 0.9],
        [0.4, 0.9],  # all above
    ],
)
def test_weights_are_those_of_the_area_under_straight_lines(budgets: list[float]) -> None:
    values = np.random.default_rng(0).random(len(budgets))
    found = weights_of(np.array(budgets), 0.01, 0.25) @ values
    assert found == pytest.approx(area_by_hand(budgets, values.tolist(), 0.01, 0.25), abs=1e-8)


def test_a_constant_curve_has_the_width_times_its_height() -> None:
    weights = weights_of(np.array([0.01, 0.05, 0.25]), 0.01, 0.25)
    assert weights.sum() == pytest.approx(np.log10(25))


def scored(arm: str, seed: int, budget: float, hits: list[float], spent: float | None = None) -> Scored:
    """A record of which only budget and spending are read."""
    selection = SimpleNamespace(fraction_mean=budget if spent is None else spent)
    selector = arm if spent is None else "spotter_gumbel"
    record = SimpleNamespace(selector=selector, budget=budget, control=None, spending=None, selection=selection)
    return Scored(arm, seed, record, np.array(hits))  # type: ignore[arg-type]


def test_the_area_reaches_as_far_as_every_arm_was_asked() -> None:
    runs = [scored("spotter", 0, budget, [1, 0]) for budget in (0.01, 0.1, 1.0)]
    runs += [scored("uniform", 0, budget, [0, 0]) for budget in (0.025, 0.1)]
    found = areas(runs)
    assert found["spotter"][0] == pytest.approx([np.log10(4), 0])
    assert found["uniform"][0] == pytest.approx([0, 0])


@pytest.mark.parametrize("arm", ["spotter_gumbel", "an experiment with its selector"])
def test_a_soft_budget_is_compared_where_it_was_spent_and_cuts_no_other_short(arm: str) -> None:
    runs = [scored("spotter", 0, budget, [1, 1]) for budget in (0.01, 0.25)]
    runs += [scored("one_shot", 0, budget, [1, 0]) for budget in (0.01, 0.25)]
    runs += [
        scored(arm, 0, 0.01, [0, 0], spent=0.05),
        scored(arm, 0, 0.1, [1, 1], spent=0.2),
    ]
    assert areas(runs).keys() == {"spotter", "one_shot"}
    soft, exact = area_leads(runs, ("one_shot", arm))
    assert (soft.baseline, soft.low, soft.high) == (arm, 0.05, 0.2)
    assert soft.gain.mean == pytest.approx(np.log10(4) / 2)
    assert (exact.baseline, exact.low, exact.high) == ("one_shot", 0.01, 0.25)
    assert exact.gain.mean == pytest.approx(np.log10(25) / 2)
    assert {name for name, _, _ in leads(runs, ("one_shot", arm))} == {"one_shot"}


def test_curves_that_share_no_stretch_have_no_lead() -> None:
    runs = [scored("spotter", 0, budget, [1.0]) for budget in (0.01, 0.025)]
    runs += [scored("similarity", 0, budget, [1.0]) for budget in (0.05, 0.1)]
    assert not areas(runs)
    assert not area_leads(runs, BASELINES)


def test_the_lead_at_a_budget_is_paired_over_the_seeds_that_both_have() -> None:
    found = leads(
        [
            scored("spotter", 0, 0.1, [1, 1, 0, 1]),
            scored("spotter", 1, 0.1, [1, 0, 0, 1]),
            scored("spotter", 2, 0.1, [1, 1, 1, 1]),
            scored("spotter", 0, 0.05, [1, 0, 0, 0]),
            scored("similarity", 0, 0.1, [1, 0, 0, 1]),
            scored("similarity", 1, 0.1, [0, 0, 0, 1]),
            scored("one_shot", 0, 0.05, [0, 1, 1, 1]),
            scored("one_shot", 0, 0.01, [1, 1, 1, 1]),
            scored("uniform", 0, 0.1, [0, 0, 0, 0]),
        ],
        BASELINES,
    )
    assert [(name, budget) for name, budget, _ in found] == [("one_shot", 0.05), ("similarity", 0.1)]
    assert [gain.mean for _, _, gain in found] == pytest.approx([-0.5, 0.25])
    assert all(gain.low <= gain.mean <= gain.high for _, _, gain in found)
