"""Packet tables and key frames."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import pytest
from make_videos import read_number

from spotvmr.errors import UserError
from spotvmr.video import iter_keyframes, scan_packets
from spotvmr.video.container import packets

KEY_NUMBERS = [0, 60, 120, 180, 240]


@pytest.mark.parametrize(
    ("name", "n_frames", "key_times_s", "key_numbers"),
    [
        ("plain.mp4", 300, [0, 2, 4, 6, 8], KEY_NUMBERS),
        ("open_gop.mp4", 300, [0, 2, 4, 6, 8], KEY_NUMBERS),
        ("vp9.webm", 300, [0, 2, 4, 6, 8], KEY_NUMBERS),
        ("late_start.ts", 300, [0, 2, 4, 6, 8], KEY_NUMBERS),
        ("cut.mp4", 195, [0.5, 2.5, 4.5], [120, 180, 240]),  # the key frame at 60 is hidden
        ("one_gop.mp4", 300, [0], [0]),
        ("one_frame.mp4", 1, [0], [77]),
        ("rotated_90.mp4", 90, [0, 2], [0, 60]),
    ],
)
def test_packets_and_key_frames(
    videos: Path, name: str, n_frames: int, key_times_s: list[float], key_numbers: list[int]
) -> None:
    scan, keys = scan_packets(videos / name), list(iter_keyframes(videos / name, (48, 80)))
    assert len(scan.times_s) == len(scan.sizes_bytes) == len(scan.keyframe) == n_frames
    np.testing.assert_allclose(scan.times_s, np.arange(n_frames) / 30, atol=1e-3)
    np.testing.assert_allclose(scan.times_s[scan.keyframe], key_times_s, atol=1e-3)
    np.testing.assert_allclose([key.times_s[0] for key in keys], key_times_s, atol=1e-3)
    assert [read_number(key.pixels[0]) for key in keys] == key_numbers


def test_sizes_are_the_files_own_bytes(videos: Path) -> None:
    scan = scan_packets(videos / "plain.mp4")
    total = (videos / "plain.mp4").stat().st_size
    assert 0.6 * total < scan.sizes_bytes.sum() < total
    assert scan.sizes_bytes[scan.keyframe].min() > np.median(scan.sizes_bytes)


def test_truncated_data_is_scanned_as_far_as_it_can_be_read(videos: Path) -> None:
    scan = scan_packets(videos / "truncated_data.mp4")
    assert 100 < len(scan.times_s) < 200
    assert scan.times_s[-1] < 6.5


def test_bad_files_are_refused(videos: Path) -> None:
    with pytest.raises(UserError, match="no video stream"):
        scan_packets(videos / "sound_only.mp4")
    with pytest.raises(UserError, match="no such video"):
        next(iter_keyframes(videos / "absent.mp4"))


def test_importing_the_room_loads_neither_decord_nor_torch() -> None:
    script = "import sys, spotvmr.video; print([m for m in ('decord', 'torch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_stream_that_turns_up_midway_costs_its_own_packet_alone() -> None:
    """PyAV raises IndexError for the packet of a stream that was not there when the file was opened."""
    whole = av.Packet(b"x")
    whole.pts = whole.dts = 0
    left: list[object] = [whole, IndexError("list index out of range"), whole, whole]

    class LateStream:
        def demux(self, _: object) -> Iterator[object]:
            while left:
                item = left.pop(0)
                if isinstance(item, IndexError):
                    raise item
                yield item

    assert list(packets(cast(Any, LateStream()), cast(Any, None))) == [whole] * 3
