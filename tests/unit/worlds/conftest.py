"""A small world, made once for all tests of the room."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotvmr.worlds import WorldSettings, generate

SMALL = WorldSettings(minutes=1.0, train_videos=2, val_videos=0, test_videos=1, pool_videos=1)


@pytest.fixture(scope="session")
def small() -> WorldSettings:
    """Four videos of one minute."""
    return SMALL


@pytest.fixture(scope="session")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder they lie in; tests that change it work on a copy."""
    root = tmp_path_factory.mktemp("world")
    generate(SMALL, root, workers=1)
    return root
