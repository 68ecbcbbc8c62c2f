"""Shared fixtures: the made videos, and the real films where they are at hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for make_videos: with importlib mode test folders are no packages

from make_videos import MAKERS

FILMS = Path(__file__).parents[4] / "shared" / "data" / "videos"


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file of make_videos."""
    folder = tmp_path_factory.mktemp("videos")
    for name, make in MAKERS.items():
        make(folder / name)
    return folder


@pytest.fixture(scope="session")
def films() -> Path:
    """The folder of real films; absent ones skip the test, except on CI, where they must be there."""
    if not FILMS.is_dir():
        reason = f"the real films are not at {FILMS}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return FILMS
