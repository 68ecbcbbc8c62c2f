"""The torchmetrics classes in one process, against an independent numpy implementation."""

from __future__ import annotations

import copy
import pickle
import random

import numpy as np
import pytest
import torch

from spotvmr.errors import UserError
from spotvmr.metrics import GroundingMetrics, SelectionMetrics, qid_number
from spotvmr.types import Moment

Case = tuple[list[str], list[list[Moment]], list[tuple[Moment, ...]]]


def made_up(n: int, seed: int = 0) -> Case:
    """Queries with at most seven predictions and two truths on whole seconds: thresholds are met exactly."""
    rng = random.Random(seed)

    def moment() -> Moment:
        start = rng.randint(0, 15)
        return Moment(start, start + rng.randint(0, 10), rng.random())

    predictions = [[moment() for _ in range(rng.randint(0, 7))] for _ in range(n)]
    truths = [tuple(moment() for _ in range(rng.randint(1, 2))) for _ in range(n)]
    return [f"q{i}" for i in range(n)], predictions, truths


def reference(predictions: list[list[Moment]], truths: list[tuple[Moment, ...]], strict: bool) -> dict[str, float]:
    """Loops and numpy."""

    def one(p: Moment, t: Moment) -> float:
        shared = max(0.0, min(p.end_s, t.end_s) - max(p.start_s, t.start_s))
        whole = p.length_s + t.length_s - shared
        return shared / whole if whole else 0.0

    best = [[max(one(p, t) for t in ts) for p in ps] for ps, ts in zip(predictions, truths, strict=True)]
    compare = np.greater if strict else np.greater_equal
    result = {
        f"R{k}@{threshold}": float(np.mean([bool(compare(max(row[:k], default=0.0), threshold)) for row in best]))
        for k, threshold in ((1, 0.3), (1, 0.5), (1, 0.7), (5, 0.3), (5, 0.5))
    }
    return {**result, "mIoU": float(np.mean([row[0] if row else 0.0 for row in best]))}


@pytest.mark.parametrize("rule", [">=", ">"])
def test_against_numpy_whatever_the_batches(rule: str) -> None:
    qids, predictions, truths = made_up(300)
    expected = reference(predictions, truths, strict=rule == ">")
    for size in (300, 64, 1):
        metric = GroundingMetrics(rule=rule)  # type: ignore[arg-type]
        for at in range(0, 300, size):
            metric.update(qids[at : at + size], predictions[at : at + size], truths[at : at + size])
        scores = metric.compute()
        assert list(scores) == ["R1@0.3", "R1@0.5", "R1@0.7", "R5@0.3", "R5@0.5", "mIoU"]
        assert scores == pytest.approx(expected, abs=1e-12)
    assert reference(predictions, truths, strict=True) != reference(predictions, truths, strict=False)


def test_hand_worked() -> None:
    metric = GroundingMetrics()
    metric.update(["a", "b"], [[Moment(0, 3), Moment(0, 9)], []], [(Moment(0, 10),), (Moment(0, 10),)])
    expected = {"R1@0.3": 0.5, "R1@0.5": 0.0, "R1@0.7": 0.0, "R5@0.3": 0.5, "R5@0.5": 0.5, "mIoU": 0.15}
    assert metric.compute() == expected


def test_ego4d_asks_for_other_ranks_and_the_strict_rule() -> None:
    metric = GroundingMetrics(rule=">", recalls=((1, 0.3), (3, 0.5)), union="hull")
    metric.update(["a"], [[Moment(0, 3), Moment(0, 5), Moment(0, 6)]], [(Moment(0, 10),)])
    assert metric.compute() == {"R1@0.3": 0.0, "R3@0.5": 1.0, "mIoU": 0.3}


def test_the_order_of_queries_does_not_matter_to_the_last_bit() -> None:
    qids, predictions, truths = made_up(200)
    order = list(range(200))
    results = []
    for seed in range(3):
        random.Random(seed).shuffle(order)
        metric = GroundingMetrics()
        metric.update(*([values[i] for i in order] for values in (qids, predictions, truths)))
        results.append(metric.compute())
    assert results[0] == results[1] == results[2]


def test_repeated_queries_count_once() -> None:
    # Five queries on two processes: the sampler repeats the first, and R1 reads 0.50 instead of 0.40.
    hit, miss, truth = [Moment(0, 1)], [Moment(5, 6)], (Moment(0, 1),)
    metric = GroundingMetrics()
    metric.update(list("abcde"), [hit, hit, miss, miss, miss], [truth] * 5)
    metric.update(["a"], [hit], [truth])
    assert metric.compute()["R1@0.5"] == 0.4


def test_per_query_rows() -> None:
    qids, predictions, truths = made_up(50)
    metric = GroundingMetrics()
    metric.update(qids, predictions, truths)
    rows = metric.per_query()
    assert rows.numbers.tolist() == sorted(map(qid_number, qids))
    alone = GroundingMetrics()
    alone.update(["q7"], [predictions[7]], [truths[7]])
    np.testing.assert_array_equal(rows.of(["q7"]), alone.per_query().values)
    np.testing.assert_array_equal(rows.of(["q3", "q7", "q3"])[1], rows.of(["q7"])[0])
    assert rows.of([]).shape == (0, 2)
    columns = metric.columns(rows.of(qids))
    assert {name: float(column.mean()) for name, column in columns.items()} == pytest.approx(metric.compute())
    for unknown in (rows, GroundingMetrics().per_query()):
        with pytest.raises(KeyError):
            unknown.of(["nobody"])


def test_forgets_when_reset_and_copies_hold_their_own() -> None:
    case = made_up(20)
    metric = GroundingMetrics()
    metric.update(*case)
    scores = metric.compute()
    twin = pickle.loads(pickle.dumps(copy.deepcopy(metric)))
    metric.reset()
    assert len(metric.per_query().numbers) == 0
    assert twin.compute() == scores
    metric.update(*case)
    assert metric.compute() == scores


@pytest.mark.filterwarnings("ignore:The ``compute`` method")
def test_without_queries_everything_is_zero() -> None:
    assert set(GroundingMetrics().compute().values()) == {0.0}
    assert set(SelectionMetrics().compute().values()) == {0.0}


def test_queries_without_truth_or_of_other_number_are_refused() -> None:
    with pytest.raises(UserError, match="query b has no true moment"):
        GroundingMetrics().update(["a", "b"], [[], []], [(Moment(0, 1),), ()])
    with pytest.raises(ValueError, match="2 queries, 1 predictions and 2 truths"):
        GroundingMetrics().update(["a", "b"], [[]], [(Moment(0, 1),)] * 2)
    with pytest.raises(ValueError, match="need values of shape"):
        SelectionMetrics().update(["a"], *[torch.ones(2, 3, dtype=torch.bool)] * 3)


def test_numbers_of_ids_are_stable_and_positive() -> None:
    assert qid_number("q1") == 8341156147024183348
    numbers = {qid_number(str(i)) for i in range(100_000)}
    assert len(numbers) == 100_000
    assert min(numbers) >= 0
    assert max(numbers) < 2**63


def test_selection_counts_valid_clips_alone() -> None:
    metric = SelectionMetrics()
    inside = torch.tensor([[0.5, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    chosen = torch.tensor([[False, True, False, True], [True, True, True, False]])
    mask = torch.tensor([[True, True, False, False], [True, True, True, True]])
    metric.update(["a", "b"], chosen, inside, mask)
    scores = metric.compute()
    assert scores == pytest.approx(
        {"fraction_mean": 0.625, "fraction_p95": 0.7375, "fraction_max": 0.75, "gt_clip_recall": 0.25}
    )
    metric.update(["b"], chosen[1:], inside[1:], mask[1:])
    assert metric.compute() == scores
    np.testing.assert_allclose(metric.per_query().of(["a"]), [[0.5, 0.5, 2 / 3]])


def test_a_moment_that_touches_no_clip_has_no_recall() -> None:
    metric = SelectionMetrics()
    chosen, mask = torch.tensor([[True, False]] * 2), torch.ones(2, 2, dtype=torch.bool)
    metric.update(["a", "b"], chosen, torch.tensor([[0.0, 0.0], [1.0, 0.0]]), mask)
    assert metric.compute()["gt_clip_recall"] == 1.0
