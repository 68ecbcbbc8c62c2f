"""The exact budget."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spotvmr.selection import clips_allowed, split_over_steps, spread_clips, top_clips


def _mask(valid: int, padded: int = 0) -> torch.Tensor:
    return torch.tensor([[True] * valid + [False] * padded])


@pytest.mark.parametrize(
    ("budget", "valid", "clips"),
    [(0.1, 480, 48), (0.1, 4, 1), (0.001, 480, 1), (0.025, 480, 12), (1.0, 480, 480), (1.0, 1, 1), (0.1, 36000, 3600)],
)
def test_allowance_is_at_least_one_clip_and_ignores_padding(budget: float, valid: int, clips: int) -> None:
    assert clips_allowed(torch.tensor([budget]), _mask(valid, padded=7)).item() == clips


@given(st.floats(1e-4, 1.0), st.integers(1, 2000))
def test_allowance_is_max_one_round_r_t(budget: float, valid: int) -> None:
    got = clips_allowed(torch.tensor([budget], dtype=torch.float64), torch.ones(1, valid, dtype=torch.bool))
    assert got.item() == max(1, round(budget * valid))


@given(st.integers(1, 500), st.integers(1, 6))
def test_steps_share_the_whole_allowance(allowed: int, steps: int) -> None:
    parts = [int(part) for part in split_over_steps(torch.tensor([allowed]), steps)]
    assert sum(parts) == allowed
    assert max(parts) - min(parts) <= 1


def test_top_clips_takes_exactly_the_best_and_earlier_ones_of_ties() -> None:
    scores = torch.tensor([[1.0, 5.0, 5.0, 5.0, 9.0]])
    available = torch.tensor([[True, True, True, True, False]])
    got = top_clips(scores, available, torch.tensor([2]))
    assert got.tolist() == [[False, True, True, False, False]]


def test_top_clips_never_takes_more_than_there_are() -> None:
    available = torch.tensor([[True, False, False]])
    assert top_clips(torch.zeros(1, 3), available, torch.tensor([2])).sum() == 1
    assert top_clips(torch.zeros(1, 3), available, torch.tensor([0])).sum() == 0


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 2**31 - 1))
def test_top_clips_equals_sorting(valid: int, count: int, seed: int) -> None:
    scores = torch.randn(1, valid, generator=torch.Generator().manual_seed(seed))
    got = top_clips(scores, torch.ones(1, valid, dtype=torch.bool), torch.tensor([count]))
    best = sorted(range(valid), key=lambda clip: -scores[0, clip].item())[:count]
    assert set(got[0].nonzero().flatten().tolist()) == set(best)


def test_spread_clips_probe_each_event_before_filling_any_but_the_one_far_ahead() -> None:
    # Two plateaus of almost equal clips and a low bump.
    scores = torch.tensor([[0.0, 9.0, 9.5, 9.0, 0.0, 0.0, 0.0, 5.0, 5.5, 5.0, 0.0, 0.0, 0.0, 2.0, 0.0]])
    pool = torch.ones(1, 15, dtype=torch.bool)

    def three(penalty: float) -> list[int]:
        return spread_clips(scores, pool, pool, torch.tensor([3]), 2, penalty)[0].nonzero().flatten().tolist()

    assert three(8.0) == [2, 8, 13]
    assert three(3.0) == [1, 2, 8]  # 9.0 less one better neighbour beats 5.0; less two it does not
    assert three(0.0) == [1, 2, 3]
    # What was chosen before remains the better neighbour.
    rest = pool & (scores < 9.5)
    assert spread_clips(scores, rest, pool, torch.tensor([1]), 2, 5.0)[0].nonzero().flatten().tolist() == [8]
    assert spread_clips(scores, rest, pool, torch.tensor([1]), 2, 3.0)[0].nonzero().flatten().tolist() == [1]


@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 4), st.integers(0, 2**31 - 1))
def test_spread_clips_are_those_of_a_slow_count(valid: int, count: int, reach: int, seed: int) -> None:
    scores = torch.randint(5, (1, valid), generator=torch.Generator().manual_seed(seed)).double()
    draw = torch.rand(1, valid, generator=torch.Generator().manual_seed(seed))
    pool, rivals = draw < 0.8, draw < 0.9
    got = spread_clips(scores, pool, rivals, torch.tensor([count]), reach, 0.7)
    score, free, rival = scores[0].tolist(), pool[0].tolist(), rivals[0].tolist()
    worth = [
        score[t]
        - 0.7
        * sum(rival[u] and (-score[u], u) < (-score[t], t) for u in range(max(0, t - reach), min(valid, t + reach + 1)))
        for t in range(valid)
    ]
    best = sorted((t for t in range(valid) if free[t]), key=lambda t: (-worth[t], t))[:count]
    assert sorted(best) == got[0].nonzero().flatten().tolist()
    if reach == 0:
        assert got.equal(top_clips(scores, pool, torch.tensor([count])))
