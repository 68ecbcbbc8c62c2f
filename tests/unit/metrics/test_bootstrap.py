"""Intervals: right on average, reproducible, narrower when paired."""

from __future__ import annotations

import numpy as np
import pytest

from spotvmr.metrics import bootstrap_ci, paired_difference


def test_matches_the_normal_interval_of_a_mean() -> None:
    values = np.random.default_rng(1).random(600)
    low, high = bootstrap_ci({"x": values}, resamples=4000)["x"]
    margin = 1.96 * values.std() / np.sqrt(600)
    assert (low, high) == pytest.approx((values.mean() - margin, values.mean() + margin), abs=0.1 * margin)


def test_matches_resampling_in_a_loop() -> None:
    values = np.random.default_rng(2).random(80)
    rng = np.random.default_rng(5)
    means = [values[row].mean() for row in rng.integers(0, 80, (100, 80))]
    expected = np.percentile(means, [2.5, 97.5])
    assert bootstrap_ci({"x": values}, resamples=100, seed=5)["x"] == pytest.approx(expected, abs=1e-12)


def test_about_95_of_100_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for seed in range(200):
        low, high = bootstrap_ci({"x": (rng.random(200) < 0.4).astype(float)}, resamples=300, seed=seed)["x"]
        held += low <= 0.4 <= high
    assert 180 <= held <= 199


def test_seeds_decide_and_columns_share_their_draws() -> None:
    values = np.random.default_rng(4).random(100)
    both = bootstrap_ci({"a": values, "b": 2 * values}, seed=1)
    assert both == bootstrap_ci({"a": values, "b": 2 * values}, seed=1)
    assert both["a"] == pytest.approx(bootstrap_ci({"a": values}, seed=1)["a"], abs=1e-12)
    assert both["a"] != pytest.approx(bootstrap_ci({"a": values}, seed=2)["a"], abs=1e-6)
    assert both["b"] == pytest.approx([2 * x for x in both["a"]])


def test_a_constant_has_no_width_and_lower_confidence_a_smaller_one() -> None:
    assert bootstrap_ci({"x": np.full(9, 0.25)})["x"] == [0.25, 0.25]
    values = np.random.default_rng(4).random(100)
    wide, narrow = bootstrap_ci({"x": values}, level=0.99)["x"], bootstrap_ci({"x": values}, level=0.5)["x"]
    assert wide[0] < narrow[0] < values.mean() < narrow[1] < wide[1]


def test_pairing_cancels_what_is_hard_for_both() -> None:
    rng = np.random.default_rng(6)
    hard = rng.random(400)
    first, second = hard + 0.05 + rng.normal(0, 0.02, 400), hard
    paired = paired_difference(first, second)
    assert paired.mean == pytest.approx(0.05, abs=0.005)
    assert 0.045 < paired.low < paired.mean < paired.high < 0.055
    unpaired = bootstrap_ci({"a": first, "b": second})
    assert paired.high - paired.low < 0.2 * (unpaired["a"][1] - unpaired["a"][0])
    reverse = paired_difference(second, first)
    assert (reverse.mean, reverse.low, reverse.high) == pytest.approx((-paired.mean, -paired.high, -paired.low))
    same = paired_difference(first, first)
    assert (same.mean, same.low, same.high) == (0.0, 0.0, 0.0)


def test_runs_without_queries_or_over_others_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one query"):
        bootstrap_ci({"x": np.empty(0)})
    with pytest.raises(ValueError, match=r"the same queries, got \(3,\) and \(4,\)"):
        paired_difference(np.zeros(3), np.zeros(4))
