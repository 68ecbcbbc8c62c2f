"""Moments as files: copied, never encoded again."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from make_videos import encode, read_number

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


def numbers_in(path: Path) -> list[int]:
    """Numbers of all frames of a file, in order of display."""
    with av.open(str(path)) as video:
        return [read_number(frame.to_ndarray(format="rgb24")) for frame in video.decode(video=0)]


CODECS = {
    "h264.mkv": {"options": {"bf": "3"}},
    "hevc.mkv": {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "av1.mkv": {"codec": "libsvtav1", "options": {"preset": "12", "crf": "20", "bf": "0"}},
    "av1.mp4": {"codec": "libsvtav1", "options": {"preset": "12", "crf": "20", "bf": "0"}},
    "mpeg4.avi": {"codec": "mpeg4", "options": {"qscale": "3", "b": "4000000"}},
    "wmv2.wmv": {"codec": "wmv2", "options": {"b": "4000000", "bf": "0"}},
    "ffv1.avi": {"codec": "ffv1", "options": {"bf": "0"}},
}


@pytest.mark.parametrize("name", CODECS)
def test_every_codec_gives_a_file_with_all_frames_of_the_moment(name: str, tmp_path: Path) -> None:
    """Copied from the key frame before, also where a seek leaves the key frame without decoding time; else encoded."""
    try:
        source = encode(tmp_path / name, **CODECS[name])  # type: ignore[arg-type]
    except (av.codec.codec.UnknownCodecError, av.error.FFmpegError) as error:
        pytest.skip(f"this PyAV cannot encode {name}: {error}")
    (path,) = cut_moments(probe(source), [Moment(5.0, 7.0, 0.5)], tmp_path / "out", "film")
    numbers = numbers_in(path)
    assert numbers[0] <= 150
    assert set(range(150, 210)) <= set(numbers)
    assert numbers == sorted(numbers)


def test_a_video_of_odd_size_that_cannot_be_copied_is_encoded(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotvmr.retrieval.export._copy", lambda *_: False)
    (path,) = cut_moments(probe(videos / "odd_h264.mp4"), [Moment(1.0, 2.0, 0.5)], tmp_path / "out", "film")
    info = probe(path)
    assert (info.codec, info.width, info.height) == ("h264", 160, 96)
    assert numbers_in(path) == list(range(30, 61))  # the frame at the very end counts


def test_a_moment_that_can_be_neither_copied_nor_encoded_is_one_line(
    videos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> bool:
        raise ValueError("no such codec")

    monkeypatch.setattr("spotvmr.retrieval.export._copy", fails)
    monkeypatch.setattr("spotvmr.retrieval.export._encode", fails)
    with pytest.raises(UserError, match=r"plain.mp4: a moment can be neither copied nor encoded \(no such codec\)"):
        cut_moments(probe(videos / "plain.mp4"), [Moment(0.0, 1.0, 1.0)], tmp_path / "out", "film")
    assert list((tmp_path / "out").iterdir()) == []


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
