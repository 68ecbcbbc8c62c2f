"""Which stream of a file is read, how long it is, and what is said of streams that lack something."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from make_videos import encode, numbered, read_number

from spotvmr.errors import UserError
from spotvmr.video import open_reader, probe, scan_packets


def with_sound(path: Path, seconds: float, first_frame_s: float) -> Path:
    """Three seconds of numbered frames from some time on, and sound from 0."""
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("libx264", rate=30, options={"g": "30", "bf": "0"})
        pictures.width, pictures.height, pictures.pix_fmt = 160, 96, "yuv420p"
        pictures.time_base = pictures.codec_context.time_base = Fraction(1, 30)
        sound = out.add_stream("aac", rate=16000)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, int(16000 * seconds)), np.float32), "fltp", "mono")
        silence.sample_rate, silence.pts = 16000, 0
        out.mux(sound.encode(silence))
        for number in range(90):
            frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
            frame.pts, frame.time_base = number + round(30 * first_frame_s), Fraction(1, 30)
            out.mux(pictures.encode(frame))
        out.mux([*pictures.encode(None), *sound.encode(None)])
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_longer_sound_is_no_missing_picture(suffix: str, tmp_path: Path) -> None:
    info = probe(with_sound(tmp_path / f"long.{suffix}", 20.0, 0.0))
    assert info.duration_s == pytest.approx(3.0, abs=0.1)
    assert info.stated_s == pytest.approx(3.0, abs=0.1)
    assert info.late_s == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_pictures_that_begin_after_the_sound_are_known_to_be_late(suffix: str, tmp_path: Path) -> None:
    path = with_sound(tmp_path / f"late.{suffix}", 8.0, 5.0)
    info = probe(path)
    assert info.late_s == pytest.approx(5.0, abs=0.1)
    assert info.duration_s == pytest.approx(3.0, abs=0.1)
    assert info.stated_s <= info.duration_s + info.late_s + 0.1
    assert [read_number(pixels) for pixels in open_reader(path).read([0.01, 1.51]).pixels] == [0, 45]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_one_frame_track_before_the_film_is_passed_over(suffix: str, tmp_path: Path) -> None:
    film = encode(tmp_path / "film.mp4", range(90))
    path = tmp_path / f"both.{suffix}"
    with av.open(str(film)) as source, av.open(str(path), "w") as out:
        thumbnail = out.add_stream("mjpeg", rate=1)
        thumbnail.width, thumbnail.height, thumbnail.pix_fmt = 160, 96, "yuvj420p"
        copy = out.add_stream_from_template(source.streams.video[0])
        picture = av.VideoFrame.from_ndarray(numbered(4095), format="rgb24")
        picture.pts = 0
        out.mux([*thumbnail.encode(picture), *thumbnail.encode(None)])
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)
    info = probe(path)
    assert (info.codec, len(scan_packets(path).times_s)) == ("h264", 90)
    assert info.duration_s == pytest.approx(3.0, abs=0.05)
    assert [read_number(pixels) for pixels in open_reader(path).read([0.01, 2.01]).pixels] == [0, 60]


def test_a_tail_of_zeros_is_not_shown(tmp_path: Path) -> None:
    """A download that reserved its whole size and broke off."""
    path = encode(tmp_path / "tail.mp4", container={"movflags": "faststart"})
    whole = path.read_bytes()
    kept = int(len(whole) * 0.6)
    path.write_bytes(whole[:kept] + bytes(len(whole) - kept))
    info = probe(path)
    assert 3.0 < info.duration_s < 7.0
    assert info.stated_s == pytest.approx(10.0, abs=0.05)
    times_s = [0.5 / 30, 99.5 / 30]
    assert [read_number(pixels) for pixels in open_reader(path).read(times_s).pixels] == [0, 99]


def test_a_black_raw_picture_is_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "raw.avi"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("rawvideo", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr24"
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert len(scan_packets(path).times_s) == 10
    assert probe(path).duration_s == pytest.approx(1.0)


def test_a_bare_stream_without_times_is_named_with_the_cure(tmp_path: Path) -> None:
    path = encode(tmp_path / "raw.h264", range(30), container={})
    with pytest.raises(
        UserError, match=r"raw\.h264 is a bare h264 stream without times: .*ffmpeg -i raw\.h264 -c copy"
    ):
        probe(path)
