"""Real camera and film files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spotvmr.video import open_reader, probe, scan_packets


@pytest.mark.parametrize(
    ("name", "duration_s", "width", "height", "fps"),
    [
        ("big_buck_bunny_720p_full_596s.mp4", 596.458, 1280, 720, 24.0),
        ("one-by-one-person-detection.mp4", 139.4, 768, 432, 10.0),
    ],
)
def test_facts_and_twenty_frames_from_both_backends(
    films: Path, name: str, duration_s: float, width: int, height: int, fps: float
) -> None:
    info = probe(films / name)
    assert info.duration_s == pytest.approx(duration_s, abs=0.01)
    assert (info.width, info.height, info.fps) == (width, height, fps)
    assert len(scan_packets(films / name).times_s) == round(duration_s * fps)
    starts_s = np.linspace(0.1, info.duration_s - 0.1, 4)
    times_s = [float(start_s + step / fps) for start_s in starts_s for step in range(5)]
    auto, pyav = (open_reader(films / name, backend).read(times_s) for backend in ("auto", "pyav"))
    np.testing.assert_array_equal(auto.times_s, pyav.times_s)
    np.testing.assert_array_equal(auto.pixels, pyav.pixels)
    small = [open_reader(films / name, backend, (90, 160)).read(times_s).pixels for backend in ("auto", "pyav")]
    off = np.abs(small[0].astype(int) - small[1])
    assert off.max() <= 8  # of 255; two releases of swscale
    assert off.mean() < 0.2
    late_s = np.asarray(times_s) - auto.times_s
    inside = np.asarray(times_s) < info.duration_s
    assert late_s[inside].min() >= -1e-3
    assert late_s[inside].max() <= 1 / fps
