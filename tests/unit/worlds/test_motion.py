from __future__ import annotations

import numpy as np
import pytest

from spotvmr.worlds import ACTION_NAMES
from spotvmr.worlds.motion import KNOCK, RATES_HZ, REACH_X, REACH_Y, Offsets, at_rest, offsets, rate_hz

ACTION = {name: number for number, name in enumerate(ACTION_NAMES)}
CYCLES = np.linspace(0, 3, 301)


def speed(moved: Offsets) -> np.ndarray:
    """Change between neighbouring times, in units; a turn or a scale moves the rim of a 13-unit object."""
    parts = [moved.dx, moved.dy, moved.hand_dy, 2 * np.pi * 13 * moved.rotation, 13 * moved.scale]
    return np.sqrt(sum(np.diff(part) ** 2 for part in parts))


@pytest.mark.parametrize("action", ACTION_NAMES)
def test_stays_within_the_reach_that_the_layout_keeps_free(action: str) -> None:
    moved = offsets(ACTION[action], CYCLES, amplitude=1.12)
    assert np.abs(moved.dx).max() <= REACH_X
    assert np.abs(moved.dy).max() <= REACH_Y
    assert moved.hand_dy.min() >= 0
    assert moved.hand_dy.max() <= KNOCK
    assert moved.scale.max() <= 1.15


@pytest.mark.parametrize("action", ACTION_NAMES)
def test_every_second_shows_the_motion_at_ten_frames_a_second(action: str) -> None:
    for phase in np.linspace(0, 1, 21):
        times_s = np.arange(10) / 10
        moved = offsets(ACTION[action], phase + 0.9 * RATES_HZ[ACTION[action]] * times_s, amplitude=0.88)
        assert speed(moved).sum() > 5.0


def test_lowering_is_raising_in_reverse() -> None:
    up, down = offsets(ACTION["raise"], CYCLES), offsets(ACTION["lower"], CYCLES)
    np.testing.assert_allclose(down.dy, offsets(ACTION["raise"], -CYCLES).dy)
    # Slow and fast way differ: most steps of raising go up (dy falls), most of lowering go down
    assert (np.diff(up.dy) < 0).mean() == pytest.approx(0.8, abs=0.02)
    assert (np.diff(down.dy) > 0).mean() == pytest.approx(0.8, abs=0.02)


def test_stirring_is_a_circle_and_tapping_moves_the_hand_alone() -> None:
    stir, tap = offsets(ACTION["stir"], CYCLES), offsets(ACTION["tap"], CYCLES)
    np.testing.assert_allclose(np.hypot(stir.dx, stir.dy), 7.0)
    assert not tap.dx.any()
    assert not tap.dy.any()
    assert np.ptp(tap.hand_dy) == pytest.approx(KNOCK, abs=0.1)


@pytest.mark.parametrize("length_s", [2.0, 3.3, 7.9])
def test_turning_ends_where_it_began(length_s: float) -> None:
    turns = rate_hz(ACTION["rotate"], 1.0, length_s) * length_s
    assert turns == pytest.approx(round(turns))
    assert turns >= 1


def test_shaking_stays_below_the_nyquist_rate_of_eight_frames_a_second() -> None:
    assert rate_hz(ACTION["shake"], 1.1, 4.0) == pytest.approx(3.3)
    assert max(rate_hz(a, 1.1, 4.0) for a in range(8)) < 4.0


def test_at_rest_nothing_moves() -> None:
    rest = at_rest(5)
    assert not speed(rest).any()
    assert rest.scale.tolist() == [1.0] * 5
