"""Clip times, and the sequential pass against reading by time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from make_videos import read_number

from spotvmr.errors import UserError
from spotvmr.types.grid import ClipGrid
from spotvmr.video import Frames, clip_times, open_reader, probe, stream_clips
from spotvmr.video.frames import shown_at


def test_clip_times_are_the_middles_of_equal_parts() -> None:
    assert clip_times(ClipGrid(10.0, 1.0), 3, 1) == [3.5]
    assert clip_times(ClipGrid(10.0, 2.0), 3, 4) == [6.25, 6.75, 7.25, 7.75]


def test_last_clip_keeps_the_spacing_past_the_end() -> None:
    assert clip_times(ClipGrid(9.3, 1.0), 9, 2) == [9.25, 9.75]


@pytest.mark.parametrize(("clip", "frames"), [(10, 1), (-1, 1), (0, 0)])
def test_clip_times_refuses_what_is_not_there(clip: int, frames: int) -> None:
    with pytest.raises(ValueError, match="clip"):
        clip_times(ClipGrid(10.0, 1.0), clip, frames)


def test_shown_at_takes_the_latest_frame_due() -> None:
    shown_s = np.array([0.0, 0.5, 2.0])
    asked_s = np.array([-1.0, 0.0, 0.4985, 0.4995, 1.9, 2.0, 9.0])
    assert shown_at(asked_s, shown_s).tolist() == [0, 0, 0, 1, 1, 2, 2]


def test_frames_refuse_times_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="times_s"):
        Frames(np.zeros((2, 4, 4, 3), np.uint8), np.zeros(3))


@pytest.mark.parametrize(
    "name",
    [
        "plain.mp4",
        "open_gop.mp4",
        "cut.mp4",
        "vfr.mp4",
        "late_start.ts",
        "vp9.webm",
        "odd_mpeg4.mp4",
        "rotated_90.mp4",
        "one_frame.mp4",
        "mpeg4.avi",
        "truncated_data.mp4",
        "fewer_frames.mp4",
    ],
)
@pytest.mark.parametrize("size", [None, (48, 81)])
def test_stream_equals_reading_at_clip_times(videos: Path, name: str, size: tuple[int, int] | None) -> None:
    """Also over a grid that reaches 1.3 s past the end, where the last frame repeats."""
    grid = ClipGrid(probe(videos / name).duration_s + 1.3, 0.7)
    clips = list(stream_clips(videos / name, grid, 3, size))
    assert [clip for clip, _ in clips] == list(range(grid.n_clips))
    times_s = [time_s for clip in range(grid.n_clips) for time_s in clip_times(grid, clip, 3)]
    wanted = open_reader(videos / name, "pyav", size).read(times_s)
    np.testing.assert_array_equal(np.concatenate([frames.times_s for _, frames in clips]), wanted.times_s)
    np.testing.assert_array_equal(np.concatenate([frames.pixels for _, frames in clips]), wanted.pixels)


def test_stream_yields_the_numbers_in_order(videos: Path) -> None:
    grid = ClipGrid(10.0, 1.0)
    shown = [[read_number(f) for f in frames.pixels] for _, frames in stream_clips(videos / "plain.mp4", grid, 2)]
    assert shown == [[30 * clip + 7, 30 * clip + 22] for clip in range(10)]  # 0.25 s and 0.75 s into each


def test_stream_refuses_a_bad_file(videos: Path) -> None:
    with pytest.raises(UserError, match="no video stream"):
        next(stream_clips(videos / "sound_only.mp4", ClipGrid(1.0, 1.0), 1))
