"""Real camera and film files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spotvmr.video import installed_backends, open_reader, probe, scan_packets


@pytest.mark.parametrize(
    ("name", "duration_s", "width", "height", "fps"),
    [
        ("big_buck_bunny_720p_full_596s.mp4", 596.458, 1280, 720, 24.0),
        ("one-by-one-person-detection.mp4", 139.4, 768, 432, 10.0),
    ],
)
def test_facts_and_twenty_frames_from_every_backend(
    films: Path, name: str, duration_s: float, width: int, height: int, fps: float
) -> None:
    info = probe(films / name)
    assert info.duration_s == pytest.approx(duration_s, abs=0.01)
    assert (info.width, info.height, info.fps) == (width, height, fps)
    assert len(scan_packets(films / name).times_s) == round(duration_s * fps)
    starts_s = np.linspace(0.1, info.duration_s - 0.1, 4)
    times_s = [float(start_s + step / fps) for start_s in starts_s for step in range(5)]
    pyav, *others = (open_reader(films / name, backend).read(times_s) for backend in installed_backends())
    for other in others:
        np.testing.assert_array_equal(other.times_s, pyav.times_s)
        np.testing.assert_array_equal(other.pixels, pyav.pixels)
    small = {
        backend: open_reader(films / name, backend, (90, 160)).read(times_s).pixels for backend in installed_backends()
    }
    for backend, pixels in small.items():
        off = np.abs(small["pyav"].astype(int) - pixels)
        # Of 255: two releases of swscale; torchcodec converts to rgb before it scales, the others after.
        assert off.max() <= (60 if backend == "torchcodec" else 8)
        assert off.mean() < (2.0 if backend == "torchcodec" else 0.2)
    late_s = np.asarray(times_s) - pyav.times_s
    inside = np.asarray(times_s) < info.duration_s
    assert late_s[inside].min() >= -1e-3
    assert late_s[inside].max() <= 1 / fps
