"""Each clip reads the index frame nearest to its middle."""

from __future__ import annotations

import numpy as np
import pytest

from spotvmr.retrieval.keyframes import clips_to_reindex, nearest_frames
from spotvmr.types import ClipGrid


@pytest.mark.parametrize("spacing_s", [0.2, 1.0, 3.0, 4.0, 7.3])
@pytest.mark.parametrize("clip_s", [0.5, 1.0, 2.5])
def test_against_a_plain_search(spacing_s: float, clip_s: float) -> None:
    times_s, grid = np.arange(0, 61, spacing_s), ClipGrid(60.0, clip_s)
    numbers, distances_s = nearest_frames(times_s, grid)
    for clip in range(grid.n_clips):
        away = [round(abs(time_s - (clip + 0.5) * clip_s), 6) for time_s in times_s]
        assert numbers[clip] == away.index(min(away))
        assert distances_s[clip] == pytest.approx(min(away), abs=1e-5)


def test_a_key_frame_at_the_start_of_each_clip_is_its_own() -> None:
    assert nearest_frames(np.arange(60.0), ClipGrid(60.0, 1.0))[0].tolist() == list(range(60))


def test_a_single_frame_stands_for_all() -> None:
    assert nearest_frames(np.zeros(1), ClipGrid(5.0, 1.0))[0].tolist() == [0] * 5


@pytest.mark.parametrize(
    ("spacing_s", "chosen", "opened"),
    [
        (4.0, [5], list(range(14))),
        (4.0, [0, 20], [*range(9), *range(12, 24)]),
        (1.0, [0, 5, 11], [0, 5, 11]),
        (100.0, [12], list(range(4, 21))),  # a group without end: 8 s to either side
    ],
)
def test_clips_around_the_chosen_ones(spacing_s: float, chosen: list[int], opened: list[int]) -> None:
    times_s, grid = np.arange(0, 24, spacing_s), ClipGrid(24.0, 1.0)
    assert clips_to_reindex(np.array(chosen, np.int64), times_s, grid).tolist() == opened
