"""The formulas, against hand-worked numbers, an independent implementation and their own invariances."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spotvmr.metrics import best_iou_at, hits, hull_iou, iou, moment_coverage, recall_at, selection_recall
from spotvmr.types import Moment


def spans(*pairs: tuple[float, float]) -> torch.Tensor:
    """Moments as the functions take them."""
    return torch.tensor(pairs, dtype=torch.float64).reshape(-1, 2)


def reference_iou(a: tuple[float, float], b: tuple[float, float]) -> float:
    """IoU by cases, in plain Python, with the hull as union as Ego4D's scorer has it."""
    if a[0] >= b[1] or b[0] >= a[1]:
        return 0.0
    borders = sorted([*a, *b])
    return (borders[2] - borders[1]) / (borders[3] - borders[0])


@pytest.mark.parametrize("function", [iou, hull_iou])
@pytest.mark.parametrize(
    ("pred", "true", "expected"),
    [
        ((0, 3), (0, 10), 0.3),
        ((0, 10), (0, 10), 1.0),
        ((0, 4), (2, 6), 2 / 6),
        ((0, 2), (2, 4), 0.0),  # touching
        ((0, 2), (5, 9), 0.0),  # disjoint
        ((2, 3), (0, 10), 0.1),  # inside
        ((4, 4), (0, 10), 0.0),  # a prediction of no length
        ((0, 10), (4, 4), 0.0),  # a truth of no length
        ((4, 4), (4, 4), 0.0),
        ((0, math.inf), (0, 10), 0.0),
    ],
)
def test_hand_worked(function: object, pred: tuple[float, float], true: tuple[float, float], expected: float) -> None:
    assert function(spans(pred), spans(true)).tolist() == [[expected]]  # type: ignore[operator]


def test_shapes_and_leading_axes() -> None:
    pred, true = torch.rand(7, 4, 2).cumsum(-1), torch.rand(7, 3, 2).cumsum(-1)
    assert iou(pred, true).shape == (7, 4, 3)
    torch.testing.assert_close(iou(pred, true)[5], iou(pred[5], true[5]))
    assert iou(spans(), spans((0, 1))).shape == (0, 1)


_TIMES = st.floats(0, 1e5)
_SPANS = st.tuples(_TIMES, _TIMES).map(lambda pair: (min(pair), max(pair)))


@given(_SPANS, _SPANS)
def test_iou_is_symmetric_bounded_and_right(a: tuple[float, float], b: tuple[float, float]) -> None:
    value = float(iou(spans(a), spans(b)))
    assert value == float(iou(spans(b), spans(a)))
    assert 0.0 <= value <= 1.0
    assert value == pytest.approx(reference_iou(a, b), abs=1e-6)
    assert float(hull_iou(spans(a), spans(b))) == reference_iou(a, b)


@given(_SPANS.filter(lambda span: span[1] > span[0]))
def test_a_moment_matches_itself_wholly(span: tuple[float, float]) -> None:
    assert float(iou(spans(span), spans(span))) == 1.0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=1, max_size=8), st.integers(0, 1000))
def test_shifting_and_scaling_time_changes_nothing(windows: list[tuple[int, int]], shift: int) -> None:
    pred, true = spans(*[(s, s + n) for s, n in windows]), spans((10, 30))
    torch.testing.assert_close(iou(pred + shift, true + shift), iou(pred, true))
    torch.testing.assert_close(iou(pred * 4, true * 4), iou(pred, true))


def test_best_iou_counts_ranks_truths_and_absences() -> None:
    preds = [
        [Moment(8, 9, 0.1), Moment(0, 2, 0.9), Moment(0, 4, 0.2)],  # the order counts, not the score
        [],
        [Moment(5, 10)],
        [Moment(5, 10)],
    ]
    truths = [[Moment(0, 4)], [Moment(0, 4)], [Moment(0, 1), Moment(5, 9)], []]
    expected = [[0.0, 0.5, 1.0], [0.0, 0.0, 0.0], [0.8, 0.8, 0.8], [0.0, 0.0, 0.0]]
    assert best_iou_at(preds, truths, ranks=(1, 2, 5)).tolist() == expected
    assert best_iou_at(preds, truths, ranks=(1, 2, 5), union="hull").tolist() == expected
    assert best_iou_at([], [], ranks=(1, 5)).shape == (0, 2)


@given(st.lists(_SPANS, min_size=1, max_size=6), st.lists(_SPANS, min_size=1, max_size=3), st.randoms())
def test_best_iou_grows_with_the_rank_and_ignores_order_within(
    preds: list[tuple[float, float]], truths: list[tuple[float, float]], random: object
) -> None:
    moments, true = [Moment(*p) for p in preds], [Moment(*t) for t in truths]
    table = best_iou_at([moments], [true], ranks=(1, 2, 3, 6))[0]
    assert table.tolist() == sorted(table.tolist())
    random.shuffle(moments)  # type: ignore[attr-defined]
    assert best_iou_at([moments], [true[::-1]], ranks=(6,))[0, 0] == table[3]


def test_recall_at_the_very_threshold() -> None:
    ious = best_iou_at([[Moment(0, 3)], [Moment(0, 5)], [Moment(0, 7)]], [[Moment(0, 10)]] * 3, ranks=(1,))[:, 0]
    for threshold, at_least, above in ((0.3, 3, 2), (0.5, 2, 1), (0.7, 1, 0)):
        assert recall_at(ious, threshold, ">=") == at_least / 3
        assert recall_at(ious, threshold, ">") == above / 3
    assert recall_at(torch.empty(0), 0.5) == 0.0


def test_another_rule_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'>=' or '>', not '=='"):
        hits(torch.zeros(1), 0.5, "==")  # type: ignore[arg-type]


def test_selection_recall_and_coverage() -> None:
    inside = torch.tensor([0.0, 0.25, 1.0, 0.75, 0.0])
    for chosen, recall, coverage in (
        ([0, 0, 0, 0, 0], 0, 0),
        ([1, 0, 0, 0, 1], 0, 0),
        ([0, 1, 0, 0, 0], 1 / 3, 0.125),
        ([1, 0, 1, 1, 1], 2 / 3, 0.875),
        ([1, 1, 1, 1, 1], 1, 1),
    ):
        mask = torch.tensor(chosen, dtype=torch.bool)
        assert float(selection_recall(mask, inside)) == pytest.approx(recall, abs=1e-12)
        assert float(moment_coverage(mask, inside)) == pytest.approx(coverage, abs=1e-12)
    both = torch.tensor([[True, True], [False, True]])
    assert selection_recall(both, torch.tensor([[1.0, 0.0], [1.0, 1.0]])).tolist() == [1.0, 0.5]
    assert math.isnan(float(selection_recall(both[0], torch.zeros(2))))
