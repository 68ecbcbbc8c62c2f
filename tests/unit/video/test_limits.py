"""What a header may not make us believe."""

from __future__ import annotations

from pathlib import Path

import pytest
from make_videos import encode

from spotvmr.errors import UserError
from spotvmr.video import info, probe


def test_more_time_than_the_bytes_can_hold_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "plain.mp4", range(30))
    assert probe(path).duration_s > 0.1
    monkeypatch.setattr(info, "_ANY_BYTES_S", 0.1)
    monkeypatch.setattr(info, "_FEWEST_BYTES_A_S", 1e9)
    with pytest.raises(UserError, match=r"lasts 0\.0 h, at most 0\.0 h are believed of a file of its size"):
        probe(path)


def test_pictures_that_no_camera_makes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "plain.mp4", range(3))
    assert probe(path).width == 160
    monkeypatch.setattr(info, "_MOST_PIXELS", 160 * 96 - 1)
    with pytest.raises(UserError, match="pictures of 160x96, at most"):
        probe(path)


def test_a_picture_that_changes_its_size_is_brought_to_the_first_size(tmp_path: Path) -> None:
    from spotvmr.types import ClipGrid
    from spotvmr.video import iter_keyframes, open_reader, stream_clips

    # MPEG-TS repeats its headers: joined files make one stream whose pictures change.
    parts = [
        encode(tmp_path / f"{number}.ts", range(30), size, ticks=range(30 * number, 30 * number + 30))
        for number, size in enumerate([(160, 96), (96, 160)])
    ]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    shapes = {frames.pixels.shape[1:3] for _, frames in stream_clips(path, ClipGrid(2.0, 1.0), 4)}
    shapes |= {frames.pixels.shape[1:3] for frames in iter_keyframes(path)}
    shapes.add(open_reader(path).read([0.1, 1.9]).pixels.shape[1:3])
    assert shapes == {(96, 160)}
