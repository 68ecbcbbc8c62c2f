"""When a query stops spending, and where the threshold for that lies."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotvmr.evaluation.adaptive import budget_levels, find_threshold, margin, mean_spending
from spotvmr.models import share
from spotvmr.selection import Selection
from spotvmr.selection.request import SoftBudget
from spotvmr.types import Moment
from spotvmr.types.batches import ClipBatch, GroundingBatch, TargetBatch, TextBatch

# Three queries at the levels 1, 2 and 4 %.
CONFIDENCE = np.array([[0.9, 0.95, 0.99], [0.2, 0.6, 0.7], [0.1, 0.2, 0.3]])
SPENT = np.array([[0.01, 0.02, 0.04]] * 3)


@pytest.mark.parametrize(
    ("budget", "cap", "levels"),
    [
        (0.04, 4.0, (0.01, 0.02, 0.04, 0.08, 0.16)),
        (0.04, 1.0, (0.01, 0.02, 0.04)),
        (0.4, 4.0, (0.1, 0.2, 0.4, 0.8, 1.0)),
    ],
)
def test_levels_double_up_to_the_cap(budget: float, cap: float, levels: tuple[float, ...]) -> None:
    assert budget_levels(budget, cap) == pytest.approx(levels)


@pytest.mark.parametrize(
    ("threshold", "mean"), [(0.0, 0.01), (0.5, (0.01 + 0.02 + 0.04) / 3), (0.65, (0.01 + 0.04 + 0.04) / 3), (1.0, 0.04)]
)
def test_a_query_stops_at_its_first_confident_level_or_at_the_cap(threshold: float, mean: float) -> None:
    assert mean_spending(CONFIDENCE, SPENT, threshold) == pytest.approx(mean)


def test_the_threshold_is_the_highest_that_keeps_the_budget() -> None:
    target = (0.01 + 0.02 + 0.04) / 3
    threshold = find_threshold(CONFIDENCE, SPENT, target + 1e-12)
    assert threshold == pytest.approx(0.6, abs=1e-6)
    assert mean_spending(CONFIDENCE, SPENT, threshold) <= target + 1e-12
    assert mean_spending(CONFIDENCE, SPENT, threshold + 1e-6) > target


@pytest.mark.parametrize(("target", "mean"), [(0.01, 0.01), (0.04, 0.04), (1.0, 0.04)])
def test_the_ends_spend_as_little_and_as_much_as_there_is(target: float, mean: float) -> None:
    assert mean_spending(CONFIDENCE, SPENT, find_threshold(CONFIDENCE, SPENT, target)) == pytest.approx(mean)


def test_mean_spending_is_within_a_query_of_the_target_on_many() -> None:
    rng = np.random.default_rng(0)
    confidence, spent = rng.random((400, 5)), np.tile([0.0125, 0.025, 0.05, 0.1, 0.2], (400, 1))
    found = mean_spending(confidence, spent, find_threshold(confidence, spent, 0.05))
    assert 0.05 - 0.2 / 400 < found <= 0.05


def test_confidences_of_moments() -> None:
    moments = [Moment(0, 1, 0.7), Moment(4, 5, 0.5)]
    assert (share(moments), margin(moments)) == (pytest.approx(0.7 / 1.2), pytest.approx(0.2))
    assert (margin(moments[:1]), share(moments[:1]), share([]), margin([])) == (0.7, 1.0, 0.0, 0.0)


def test_rows_of_a_batch_keep_their_own_values() -> None:
    text = TextBatch(torch.arange(6.0).view(3, 2, 1), torch.ones(3, 2, dtype=torch.bool), torch.arange(3.0)[:, None])
    assert text.rows([2, 0]).tokens[:, 0, 0].tolist() == [4.0, 0.0]
    chosen = torch.eye(3, dtype=torch.bool)
    soft = SoftBudget(torch.stack([chosen.float(), 2 * chosen.float()]), torch.tensor([0.1, 0.2, 0.3]))
    selection = Selection(chosen, chosen.float(), chosen[..., None].float(), (chosen, ~chosen), (), soft)
    kept = selection.rows([1])
    assert kept.chosen.equal(chosen[1:2])
    assert [step.shape[0] for step in kept.steps] == [1, 1]
    assert kept.soft is not None
    assert kept.soft.draws.tolist() == [[[0.0, 1.0, 0.0]], [[0.0, 2.0, 0.0]]]
    assert kept.soft.budget.tolist() == pytest.approx([0.2])
    assert selection.rows([]).chosen.shape == (0, 3)


def test_rows_of_a_grounding_batch_keep_ids_and_clip_length() -> None:
    zeros = torch.zeros(3, 4, 2)
    batch = GroundingBatch(
        ("a", "b", "c"),
        ClipBatch(zeros, zeros, zeros[..., 0].bool(), torch.tensor([5, 6, 7])),
        TextBatch(zeros, zeros[..., 0].bool(), zeros[:, 0]),
        TargetBatch(zeros[:, 0], zeros[..., 0], zeros[..., 0].bool()),
        2.0,
        torch.tensor([10.0, 20.0, 30.0]),
    )
    kept = batch.rows([2, 1])
    assert (kept.qids, kept.clip_s) == (("c", "b"), 2.0)
    assert (kept.clips.offset.tolist(), kept.duration_s.tolist()) == ([7, 6], [30.0, 20.0])
    assert kept.target.inside.shape == (2, 4)
