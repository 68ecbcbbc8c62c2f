"""Amortisation against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from spotvmr.cost import QueryCost, VideoCost, amortise


def query(*clips: int, text: float = 1.0, selection: float = 2.0, model: float = 3.0) -> QueryCost:
    return QueryCost(text, selection, model, frozenset(clips))


def test_two_queries_share_index_and_overlapping_clips() -> None:
    video = VideoCost(10, (query(0, 1), query(1, 2)))
    result = amortise([video], index_gflops_per_clip=0.5, expert_gflops_per_clip=10.0)
    # q1: 0.5·10 + 10·2 + 6 = 31 for either query. Together: 5 + 10·3 + 12 = 47.
    assert result.gflops_per_query == {"q1": 31.0, "q10": 23.5, "all": 23.5}
    # dense: 10·10 + 4 = 104 alone; (100 + 8) / 2 together.
    assert result.dense_gflops_per_query == {"q1": 104.0, "q10": 54.0, "all": 54.0}
    assert result.ratio_to_dense == {"q1": 31 / 104, "q10": 23.5 / 54, "all": 23.5 / 54}


def test_q10_takes_the_first_ten_in_order_and_all_takes_twelve() -> None:
    # Queries 0..9 all take clip 0, the last two take clips 1 and 2.
    queries = (*(query(0) for _ in range(10)), query(1), query(2))
    result = amortise([VideoCost(100, queries)], 1.0, 10.0)
    assert result.gflops_per_query["q1"] == 100 + 10 + 6
    assert result.gflops_per_query["q10"] == pytest.approx((100 + 10 + 60) / 10)
    assert result.gflops_per_query["all"] == pytest.approx((100 + 30 + 72) / 12)
    assert result.dense_gflops_per_query["q10"] == pytest.approx((1000 + 40) / 10)


def test_the_mean_is_over_queries_not_videos() -> None:
    short, long = VideoCost(10, (query(0),)), VideoCost(100, (query(0), query(0), query(0)))
    result = amortise([short, long], 1.0, 10.0)
    # q1: 10+10+6 = 26 once, 100+10+6 = 116 three times. all: 26 and 100+10+18 = 128, over 4 queries.
    assert result.gflops_per_query["q1"] == (26 + 3 * 116) / 4
    assert result.gflops_per_query["all"] == (26 + 128) / 4


def test_videos_without_queries_cost_nothing() -> None:
    asked = VideoCost(10, (query(0),))
    assert amortise([asked, VideoCost(999, ())], 1.0, 10.0) == amortise([asked], 1.0, 10.0)


def test_selection_is_not_charged_to_the_dense_rival_and_an_index_costs_it_nothing() -> None:
    base = VideoCost(10, (query(0),))
    dear = VideoCost(10, (replace(query(0), selection_gflops=50.0),))
    one, two = amortise([base], 1.0, 10.0), amortise([dear], 7.0, 10.0)
    assert one.dense_gflops_per_query == two.dense_gflops_per_query
    assert two.gflops_per_query["q1"] - one.gflops_per_query["q1"] == 48 + 60


def test_every_clip_selected_costs_index_and_selection_more_than_dense() -> None:
    video = VideoCost(4, (query(0, 1, 2, 3),))
    result = amortise([video], 0.5, 10.0)
    assert result.gflops_per_query["q1"] - result.dense_gflops_per_query["q1"] == 0.5 * 4 + 2


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="no query"):
        amortise([VideoCost(10, ())], 1.0, 1.0)
    with pytest.raises(ValueError, match="unit costs"):
        amortise([VideoCost(10, (query(0),))], 1.0, 0.0)
    with pytest.raises(ValueError, match="of a video of 10 clips"):
        VideoCost(10, (query(3, 10),))
    with pytest.raises(ValueError, match="of a video of 10 clips"):
        VideoCost(10, (query(-1),))
