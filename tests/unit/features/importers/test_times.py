"""Declared times: how many features a video can have, and the rule that brings them onto the clip grid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spotvmr.errors import UserError
from spotvmr.features.importers import FeatureTimes, resample


def check(times: FeatureTimes, count: int, duration_s: float) -> None:
    times.check_count(count, duration_s, "video v in f.h5", "index.imported")


@pytest.mark.parametrize("count", [480, 479, 481, 478, 476, 485])
def test_one_feature_and_one_percent_more_or_fewer_pass(count: int) -> None:
    check(FeatureTimes(1.0, 1.0), count, 480.0)


@pytest.mark.parametrize(("count", "rate"), [(240, "0.5"), (4800, "10"), (48, "0.1"), (960, "2"), (470, "0.9792")])
def test_another_rate_is_refused_and_told(count: int, rate: str) -> None:
    with pytest.raises(UserError) as caught:
        check(FeatureTimes(1.0, 1.0), count, 480.0)
    line = str(caught.value)
    assert line.startswith(f"video v in f.h5 has {count} features for 480 s, but 1 a second make 480: ")
    assert f"about {rate} a second; set index.imported.rate" in line


def test_ego4ds_windows_reach_inside_or_past_the_end() -> None:
    # ego4d-data.org: a video of 39 frames at 30 a second, windows of 32, stride 16, gives 2 features.
    times = FeatureTimes(30 / 16, 32 / 30)
    assert times.counts(39 / 30) == (1, 3)
    check(times, 2, 39 / 30)


def test_a_video_shorter_than_a_window_has_one_feature() -> None:
    times = FeatureTimes(30 / 16, 32 / 30)
    check(times, 1, 0.4)
    assert resample(np.ones((1, 2)), times.centres_s(1, 0.4), 1, 1.0).tolist() == [[1.0, 1.0]]


def test_a_stretched_file_may_have_a_rate_of_its_own_but_not_ten_times_it() -> None:
    times = FeatureTimes(3.75, 16 / 30, stretch=True)
    for count in (225, 190, 450):
        check(times, count, 60.0)
    with pytest.raises(UserError, match="true rate"):
        check(times, 2250, 60.0)
    assert times.centres_s(4, 8.0).tolist() == [1.0, 3.0, 5.0, 7.0]


def test_equal_grids_change_nothing() -> None:
    rows = np.random.default_rng(0).standard_normal((900, 3)).astype(np.float32)
    # 16 frames at 30 a second: the borders are no binary numbers.
    stride = 16 / 30
    times = FeatureTimes(1 / stride, stride)
    np.testing.assert_array_equal(resample(rows, times.centres_s(900, 480.0), 900, stride), rows)


def test_five_a_second_are_averaged_over_a_second() -> None:
    rows = np.arange(20, dtype=np.float32).reshape(10, 2)
    out = resample(rows, FeatureTimes(5.0, 0.2).centres_s(10, 2.0), 2, 1.0)
    np.testing.assert_allclose(out, [rows[:5].mean(0), rows[5:].mean(0)])


def test_a_clip_without_a_centre_gets_the_nearest() -> None:
    rows = np.array([[0.0], [1.0]])
    # One feature in 2 s: centres at 1 s and 3 s, clips of 0.5 s.
    out = resample(rows, FeatureTimes(0.5, 2.0).centres_s(2, 4.0), 8, 0.5)
    assert out[:, 0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_clips_past_the_last_feature_get_the_last() -> None:
    out = resample(np.array([[1.0], [2.0]]), FeatureTimes(1.0, 1.0).centres_s(2, 3.0), 3, 1.0)
    assert out[:, 0].tolist() == [1, 2, 2]


def reference(rows: np.ndarray, centres: np.ndarray, n_clips: int, clip_s: float) -> np.ndarray:
    """The rule, clip by clip."""
    out = []
    for clip in range(n_clips):
        inside = [r for r, c in zip(rows, centres, strict=True) if clip * clip_s <= c + 1e-9 < (clip + 1) * clip_s]
        middle = (clip + 0.5) * clip_s
        nearest = min(range(len(rows)), key=lambda i: (round(abs(centres[i] - middle), 9), i))
        out.append(np.mean(inside, axis=0) if inside else rows[nearest])
    return np.array(out)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 30),
    rate=st.sampled_from([0.2, 0.5, 1.0, 1.875, 5.0]),
    clip_s=st.sampled_from([0.5, 1.0, 2.0, 3.7]),
    n_clips=st.integers(1, 20),
    start_s=st.floats(0, 10),
)
# Two centres equally near, but for rounding.
@example(count=4, rate=1.875, clip_s=0.5, n_clips=1, start_s=1.35)
def test_the_rule_equals_its_plain_statement(
    count: int, rate: float, clip_s: float, n_clips: int, start_s: float
) -> None:
    rows = np.arange(count, dtype=np.float64)[:, None] ** 1.5
    centres = FeatureTimes(rate, 1 / rate).centres_s(count, count / rate) - round(start_s, 2)
    np.testing.assert_allclose(
        resample(rows, centres, n_clips, clip_s), reference(rows, centres, n_clips, clip_s), rtol=1e-5
    )
