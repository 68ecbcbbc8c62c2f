"""Separation of hits from misses by a number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def separation(scores: NDArray[np.float64], hits: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: probability that a hit scores higher than a miss, ties counted half.

    Mann and Whitney's U over the number of pairs.

    Args:
        scores: One number each (N,).
        hits: Whether it was a hit (N,).

    Returns:
        In [0, 1]; 0.5 where hits or misses are missing.

    Example:
        >>> separation(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
        0.75
    """
    from scipy.stats import rankdata  # slow to import

    n_hits = int(hits.sum())
    pairs = n_hits * (len(hits) - n_hits)
    if not pairs:
        return 0.5
    u = rankdata(scores)[hits].sum() - n_hits * (n_hits + 1) / 2
    return float(u / pairs)
