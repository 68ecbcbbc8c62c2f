"""A small world with features, made once a session."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from spotvmr.config import Config, compose

sys.path.insert(0, str(Path(__file__).parent))  # for benchmark_fixtures: importlib mode knows no test packages

SMALL = [
    "dataset.world.minutes=1",
    "dataset.world.train_videos=3",
    "dataset.world.val_videos=1",
    "dataset.world.test_videos=2",
    "trainer=fast",
    "model.dim=16",
    "model.conv_layers=1",
    "trainer.accelerator=cpu",
]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder in which the small data set, its features and runs lie."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def small(home: Path) -> list[str]:
    """Overrides of a main job that takes seconds; data and features are shared by all tests."""
    return [*SMALL, f"paths.data={home}/data", f"paths.features={home}/features", f"paths.runs={home}/runs"]


@pytest.fixture
def config(small: list[str], tmp_path: Path) -> Config:
    """The small configuration with a run folder of its own."""
    return compose([*small, f"paths.runs={tmp_path}/runs"])
