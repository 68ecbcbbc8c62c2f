"""Moments as files: copied, never encoded again."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from make_videos import read_number

from spotvmr.errors import UserError
from spotvmr.retrieval import cut_moments, moment_times, thumbnails
from spotvmr.types import Moment
from spotvmr.video import open_reader, probe


@pytest.mark.parametrize("name", ["plain.mp4", "vp9.webm", "open_gop.mp4", "late_start.ts"])
def test_a_copy_holds_its_moment_from_the_key_frame_before(name: str, videos: Path, tmp_path: Path) -> None:
    info = probe(videos / name)
    (path,) = cut_moments(info, [Moment(5.0, 7.0, 0.5)], tmp_path / "out", "film")
    assert path.name == "film-01-at-00m05s.mkv"
    assert probe(path).codec == info.codec
    numbers = [
        read_number(f) for f in open_reader(path).read(np.arange(0, probe(path).duration_s, 1 / 30).tolist()).pixels
    ]
    assert set(range(150, 208)) <= set(numbers)
    assert max(numbers) <= 215
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [path.name]


def test_packets_are_the_very_same(videos: Path, tmp_path: Path) -> None:
    (path,) = cut_moments(probe(videos / "plain.mp4"), [Moment(4.0, 6.0, 1.0)], tmp_path, "film")
    with av.open(str(path)) as cut, av.open(str(videos / "plain.mp4")) as whole:
        source = {p.size for p in whole.demux(video=0) if p.size}
        assert {p.size for p in cut.demux(video=0) if p.size} <= source


def test_thumbnails_are_spread_over_the_moment(videos: Path) -> None:
    info = probe(videos / "plain.mp4")
    moment = Moment(2.0, 4.0, 1.0)
    assert moment_times(moment, 4) == [2.25, 2.75, 3.25, 3.75]
    (frames,) = thumbnails(info, [moment], 4, height=48)
    assert frames.pixels.shape == (4, 48, 80, 3)
    assert [read_number(pixels) for pixels in frames.pixels] == [67, 82, 97, 112]


def test_a_folder_that_cannot_be_written_is_one_line(videos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        cut_moments(probe(videos / "plain.mp4"), [Moment(0.0, 1.0, 1.0)], tmp_path / "file" / "out", "film")
