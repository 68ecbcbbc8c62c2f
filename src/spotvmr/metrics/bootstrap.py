"""Confidence intervals by resampling queries (Efron's percentile bootstrap)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Resamples drawn at once: 100 × 20,000 queries are 16 MB.
_BLOCK = 100


@dataclass(frozen=True)
class Difference:
    """Mean of one run minus that of another over the same queries.

    Attributes:
        mean: The difference of the means.
        low: Lower end of its confidence interval.
        high: Upper end.
    """

    mean: float
    low: float
    high: float


def bootstrap_ci(
    columns: Mapping[str, NDArray[np.float64]], resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> dict[str, list[float]]:
    """Confidence interval of the mean of each column, all by the same resamples of queries.

    Args:
        columns: Name → one number a query (Q,), at least one query.
        resamples: How often queries are drawn, with replacement.
        level: Confidence, between 0 and 1.
        seed: Of the draws; equal seeds give equal intervals.

    Returns:
        Name → [low, high], as ``ci95`` of a run record has it.

    Raises:
        ValueError: No column, columns without queries or of different length.

    Example:
        >>> bootstrap_ci({"R1@0.3": np.array([0.0, 1.0] * 50)})
        {'R1@0.3': [0.4, 0.6]}
    """
    table = np.stack(list(columns.values()), axis=1)
    low, high = _interval(_resampled_means(table, resamples, seed), level)
    return {name: [float(low[at]), float(high[at])] for at, name in enumerate(columns)}


def paired_difference(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """Paired difference of two runs' means; queries are resampled with the numbers of both runs.

    What makes a query hard for both runs cancels out: the interval is narrower than that of unpaired runs.

    Args:
        first: One number a query (Q,).
        second: The other run's number for the same queries in the same order (Q,).
        resamples: How often queries are drawn, with replacement.
        level: Confidence, between 0 and 1.
        seed: Of the draws.

    Returns:
        ``first`` less ``second``.

    Raises:
        ValueError: Different numbers of queries, or none.
    """
    if first.shape != second.shape:
        raise ValueError(f"paired runs need the same queries, got {first.shape} and {second.shape}")
    gaps = (first - second)[:, None]
    low, high = _interval(_resampled_means(gaps, resamples, seed), level)
    return Difference(float(gaps.mean()), float(low[0]), float(high[0]))


def _resampled_means(table: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Column means of resampled rows: (Q, M) → (resamples, M)."""
    if not len(table):
        raise ValueError("a bootstrap needs at least one query")
    rng = np.random.default_rng(seed)
    n = len(table)
    means = []
    for start in range(0, resamples, _BLOCK):
        drawn = rng.integers(0, n, (min(_BLOCK, resamples - start), n))
        means.append(np.stack([np.bincount(row, minlength=n) for row in drawn]) @ table / n)
    return np.concatenate(means)


def _interval(means: NDArray[np.float64], level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentiles (M,) with equal shares outside."""
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(means, [tail, 100 - tail], axis=0)
    return low, high
