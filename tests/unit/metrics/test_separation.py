"""The area under the ROC curve against counting all pairs."""

from __future__ import annotations

import numpy as np
import pytest

from spotvmr.metrics.separation import separation


def test_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    scores, hits = rng.integers(0, 6, 60).astype(float), rng.random(60) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[hits] for b in scores[~hits]]
    assert separation(scores, hits) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize("hits", [np.zeros(3, dtype=bool), np.ones(3, dtype=bool)])
def test_says_nothing_without_both_kinds(hits: np.ndarray) -> None:
    assert separation(np.array([0.1, 0.2, 0.3]), hits) == 0.5
