"""The clip grid, for any length of video and clip."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotvmr.types.grid import ClipGrid

GRIDS = st.builds(ClipGrid, st.floats(1e-3, 4e5), st.floats(0.05, 60.0))


@given(GRIDS)
def test_clips_cover_the_video_once(grid: ClipGrid) -> None:
    # Containers round lengths: up to a thousandth of a clip at the end is no clip of its own.
    assert (grid.n_clips - 1) * grid.clip_s <= grid.duration_s
    assert grid.n_clips * grid.clip_s >= grid.duration_s - 1.001e-3 * grid.clip_s
    for clip in {0, grid.n_clips // 2, grid.n_clips - 1}:
        start_s, end_s = grid.bounds_s(clip)
        assert 0 <= start_s <= end_s <= max(start_s, grid.duration_s)
        assert clip == 0 or start_s == pytest.approx(grid.bounds_s(clip - 1)[1])


@given(GRIDS, st.floats(-10.0, 5e5), st.floats(0.0, 1e5))
def test_any_span_touches_clips_of_the_grid(grid: ClipGrid, start_s: float, length_s: float) -> None:
    clips = grid.clips_of(start_s, start_s + length_s)
    assert len(clips) >= 1
    assert 0 <= clips.start < clips.stop <= grid.n_clips
    middle_s = start_s + length_s / 2
    if 0 <= middle_s < grid.duration_s:
        assert clips.start * grid.clip_s <= middle_s + 1e-3 * grid.clip_s + 1e-9
        assert clips.stop * grid.clip_s >= middle_s - 1.001e-3 * grid.clip_s - 1e-9


@given(GRIDS, st.data())
def test_the_span_of_a_clip_is_that_clip(grid: ClipGrid, data: st.DataObject) -> None:
    clip = data.draw(st.integers(0, grid.n_clips - 1))
    start_s, end_s = clip * grid.clip_s, (clip + 1) * grid.clip_s
    assert grid.clips_of(start_s, end_s) == range(clip, clip + 1)


@given(st.floats(), st.floats())
def test_a_grid_has_an_extent_or_is_refused(duration_s: float, clip_s: float) -> None:
    if 0 < duration_s < math.inf and 0 < clip_s < math.inf:
        assert duration_s / clip_s > 1e12 or ClipGrid(duration_s, clip_s).n_clips >= 1
        return
    with pytest.raises(ValueError, match="positive duration_s and clip_s"):
        ClipGrid(duration_s, clip_s)
