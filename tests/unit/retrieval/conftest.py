"""A retriever of the demo's encoders with random weights, and the made videos of the video tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "video"))  # for make_videos: test folders are no packages

from make_videos import MAKERS

from spotvmr.config import compose
from spotvmr.retrieval import Retriever, VideoCache, build_retriever

FILMS = Path(__file__).parents[4] / "shared" / "data" / "videos"
WORDS = ["model.dim=16", "model.conv_layers=1", "model.heads=2"]


@pytest.fixture
def make_retriever(tmp_path: Path) -> Callable[..., Retriever]:
    """Makes retrievers with one another's weights and cache; words are further settings."""

    def make(*words: str, cache: Path | None = tmp_path / "cache", limit_bytes: int = 1 << 30) -> Retriever:
        torch.manual_seed(0)
        return build_retriever(compose([*WORDS, *words]), VideoCache(cache, limit_bytes))

    return make


@pytest.fixture(scope="session")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file of make_videos."""
    folder = tmp_path_factory.mktemp("videos")
    for name, make in MAKERS.items():
        make(folder / name)
    return folder


@pytest.fixture(scope="session")
def film() -> Path:
    """A real film; where it is absent the test is skipped, except on CI, where it must be there."""
    path = FILMS / "big_buck_bunny_720p_full_596s.mp4"
    if not path.is_file():
        if os.environ.get("CI"):
            pytest.fail(f"no film at {path}")
        pytest.skip(f"no film at {path}")
    return path
