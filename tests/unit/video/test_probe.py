"""What probe says about good and bad files."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotvmr.errors import UserError
from spotvmr.video import probe


@pytest.mark.parametrize(
    ("name", "duration_s", "width", "height", "fps", "codec", "rotation"),
    [
        ("plain.mp4", 10.0, 160, 96, 30.0, "h264", 0),
        ("cut.mp4", 6.5, 160, 96, 30.0, "h264", 0),  # not 8.0: the pre-roll is hidden
        ("late_start.ts", 10.0, 160, 96, 30.0, "h264", 0),  # not 15.0: time starts with the first frame
        ("vp9.webm", 10.0, 160, 96, 30.0, "vp9", 0),
        ("odd_h264.mp4", 3.0, 161, 97, 30.0, "h264", 0),
        ("odd_mpeg4.mp4", 3.0, 161, 97, 30.0, "mpeg4", 0),
        ("rotated_90.mp4", 3.0, 160, 96, 30.0, "h264", 90),  # coded as 96 x 160
        ("rotated_180.mp4", 3.0, 160, 96, 30.0, "h264", 180),
        ("rotated_270.mp4", 3.0, 160, 96, 30.0, "h264", 270),
        ("one_frame.mp4", 1 / 30, 160, 96, 30.0, "h264", 0),
        ("mpeg4.avi", 10.0, 160, 96, 30.0, "mpeg4", 0),
    ],
)
def test_states_the_facts_as_displayed(
    videos: Path, name: str, duration_s: float, width: int, height: int, fps: float, codec: str, rotation: int
) -> None:
    info = probe(videos / name)
    assert info.duration_s == pytest.approx(duration_s, abs=1e-3)
    assert (info.width, info.height, info.fps, info.codec, info.rotation) == (width, height, fps, codec, rotation)
    assert info.path == videos / name


def test_variable_rate_has_the_average_fps(videos: Path) -> None:
    info = probe(videos / "vfr.mp4")
    assert info.fps == pytest.approx(300 / info.duration_s, rel=0.01)


def test_origin_is_the_containers_time_of_the_first_frame(videos: Path) -> None:
    assert probe(videos / "late_start.ts").origin_s == pytest.approx(5.0)


def test_truncated_data_lasts_as_long_as_it_can_be_read(videos: Path) -> None:
    # 60 % of a file whose header still claims 10 s.
    assert 3.0 < probe(videos / "truncated_data.mp4").duration_s < 6.5


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("absent.mp4", "no such video"),
        ("", "folder"),
        ("empty.mp4", "empty video file"),
        ("text.mp4", "not a video, or truncated"),
        ("truncated_index.mp4", "not a video, or truncated"),
        ("sound_only.mp4", "no video stream"),
        ("no_frames.mkv", "truncated"),
    ],
)
def test_unusable_files_give_one_clear_line(videos: Path, name: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        probe(videos / name)
    assert str(videos / name) in str(caught.value)
    assert "\n" not in str(caught.value)
