"""Files that the writer makes, read back; files that it must not leave."""

from __future__ import annotations

import errno
from pathlib import Path

import av
import numpy as np
import pytest
from make_videos import numbered, read_number

from spotvmr.errors import UserError
from spotvmr.types import ClipGrid
from spotvmr.video import VideoWriter, open_reader, probe, scan_packets, stream_clips

WIDTH, HEIGHT = 64, 48


def write(path: Path, frames: int = 24, fps: int = 8, keyframe_s: float = 1.0, crf: int = 26) -> Path:
    """Write numbered frames."""
    with VideoWriter(path, WIDTH, HEIGHT, fps, keyframe_s, crf) as writer:
        for number in range(frames):
            writer.write(numbered(number, WIDTH, HEIGHT))
    return path


def test_frames_come_back_at_their_times(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", frames=25)
    info = probe(path)
    assert (info.width, info.height, info.fps, info.codec) == (WIDTH, HEIGHT, 8.0, "h264")
    assert info.duration_s == pytest.approx(25 / 8)
    times_s = [number / 8 for number in range(25)]
    read = open_reader(path, "pyav").read(times_s)
    assert [read_number(frame) for frame in read.pixels] == list(range(25))
    np.testing.assert_allclose(read.times_s, times_s, atol=1e-9)
    streamed = [frames.pixels for _, frames in stream_clips(path, ClipGrid(info.duration_s, 1.0), 8)]
    assert [read_number(frame) for clip in streamed[:3] for frame in clip] == list(range(24))


@pytest.mark.parametrize(
    ("fps", "keyframe_s", "every"), [(8, 1.0, 8), (8, 2.0, 16), (5, 0.5, 2), (8, 0.125, 1), (8, 0.01, 1)]
)
def test_key_frames_stand_at_the_spacing_asked_for_and_nowhere_else(
    tmp_path: Path, fps: int, keyframe_s: float, every: int
) -> None:
    scan = scan_packets(write(tmp_path / "a.mp4", 40, fps, keyframe_s))
    assert np.flatnonzero(scan.keyframe).tolist() == list(range(0, 40, every))


def test_a_cut_in_the_picture_makes_no_extra_key_frame(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", WIDTH, HEIGHT, 8, 2.0) as writer:
        for number in range(32):
            writer.write(np.full((HEIGHT, WIDTH, 3), 255 * (number // 5 % 2), np.uint8))
    assert np.flatnonzero(scan_packets(tmp_path / "a.mp4").keyframe).tolist() == [0, 16]


def test_a_lower_crf_costs_bytes_and_comes_closer(tmp_path: Path) -> None:
    frame = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 1), np.uint8).repeat(3, axis=2)
    sizes, errors = [], []
    for crf in (18, 40):
        with VideoWriter(tmp_path / f"{crf}.mp4", WIDTH, HEIGHT, 8, crf=crf) as writer:
            writer.write(frame)
        sizes.append((tmp_path / f"{crf}.mp4").stat().st_size)
        read = open_reader(tmp_path / f"{crf}.mp4", "pyav").read([0.0]).pixels[0]
        errors.append(np.abs(read.astype(int) - frame).mean())
    assert sizes[0] > sizes[1]
    assert errors[0] < errors[1]


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    assert write(tmp_path / "a.mp4").read_bytes() == write(tmp_path / "b.mp4").read_bytes()


def test_an_array_of_any_strides_is_taken(tmp_path: Path) -> None:
    turned = np.ascontiguousarray(numbered(5, WIDTH, HEIGHT).transpose(1, 0, 2)).transpose(1, 0, 2)
    with VideoWriter(tmp_path / "a.mp4", WIDTH, HEIGHT, 8) as writer:
        writer.write(turned)
    assert read_number(open_reader(tmp_path / "a.mp4", "pyav").read([0.0]).pixels[0]) == 5


def test_nothing_stands_under_the_name_before_the_block_ends(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "new" / "a.mp4", WIDTH, HEIGHT, 8) as writer:
        writer.write(numbered(0, WIDTH, HEIGHT))
        assert not (tmp_path / "new" / "a.mp4").exists()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.mp4"]


def test_an_error_in_the_block_leaves_the_old_file_alone(tmp_path: Path) -> None:
    before = write(tmp_path / "a.mp4").read_bytes()
    with pytest.raises(ZeroDivisionError), VideoWriter(tmp_path / "a.mp4", WIDTH, HEIGHT, 8) as writer:
        _write_and_fail(writer)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == before


def test_an_error_before_the_first_frame_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), VideoWriter(tmp_path / "a.mp4", WIDTH, HEIGHT, 8):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.mp4 got no frame"), VideoWriter(tmp_path / "a.mp4", WIDTH, HEIGHT, 8):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise av.error.OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match=r"cannot write .*a\.mp4: no space left on the disk"):
        write(tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(63, 48), (64, 47), (0, 48), (64, 0), (-2, 48)])
def test_sizes_that_the_format_cannot_hold_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(UserError, match=rf"{size[0]}x{size[1]} pixels, but H\.264 needs an even"):
        VideoWriter(tmp_path / "a.mp4", *size, 8)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("fps", "keyframe_s"), [(0, 1.0), (-1, 1.0), (8, 0.0), (8, -1.0)])
def test_rates_without_meaning_are_refused(tmp_path: Path, fps: int, keyframe_s: float) -> None:
    with pytest.raises(UserError, match=f"fps={fps} and keyframe_s={keyframe_s} must be above zero"):
        VideoWriter(tmp_path / "a.mp4", WIDTH, HEIGHT, fps, keyframe_s)


@pytest.mark.parametrize("shape", [(WIDTH, HEIGHT, 3), (HEIGHT, WIDTH), (HEIGHT, WIDTH, 4), (HEIGHT + 2, WIDTH, 3)])
def test_a_frame_of_another_shape_is_refused_and_nothing_is_left(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with (
        pytest.raises(ValueError, match=r"takes frames of shape \(48, 64, 3\)"),
        VideoWriter(tmp_path / "a.mp4", WIDTH, HEIGHT, 8) as writer,
    ):
        writer.write(np.zeros(shape, np.uint8))
    assert list(tmp_path.iterdir()) == []


def _write_and_fail(writer: VideoWriter) -> None:
    for number in (1, 0):
        writer.write(numbered(1 // number, WIDTH, HEIGHT))
