"""Numbered clips: each shows one grey of its own, so that a test can tell which clip a frame came from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spotvmr.haystack import HaystackSettings
from spotvmr.video import VideoWriter

N_CLIPS = 30
CLIP_FPS = 15


def grey(number: int) -> int:
    """The grey of a clip: 6 apart, far more than coding changes."""
    return 40 + 6 * number


def seconds(number: int) -> float:
    """Length of a clip: 2.0 to 3.4 s."""
    return 2.0 + (number % 8) * 0.2


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 30 clips of 64x48 pixels; not to be changed."""
    folder = tmp_path_factory.mktemp("clips")
    for number in range(N_CLIPS):
        with VideoWriter(folder / f"c{number:02d}.mp4", 64, 48, CLIP_FPS) as writer:
            for _ in range(round(seconds(number) * CLIP_FPS)):
                writer.write(np.full((48, 64, 3), grey(number), np.uint8))
    return folder


@pytest.fixture(scope="session")
def captions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file with one caption a clip, each different."""
    path = tmp_path_factory.mktemp("csv") / "captions.csv"
    rows = [f"c{number:02d}.mp4,clip number {number}\n" for number in range(N_CLIPS)]
    path.write_text("file,caption\n" + "".join(rows), encoding="utf-8")
    return path


@pytest.fixture
def settings(clips: Path, captions: Path) -> HaystackSettings:
    """Three videos of 12 s."""
    return HaystackSettings(clips, captions, minutes=0.2, videos=3, width=64, height=48, fps=10)
