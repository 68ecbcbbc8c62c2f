"""Feature files of one video in every layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spotvmr.features.importers import FeatureTimes, ImportedFeatures

Writer = Callable[[Path, str, NDArray[Any]], None]


def _h5(root: Path, video: str, rows: NDArray[Any]) -> None:
    root.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(root, "a") as file:
        file[video] = rows


def _npz(root: Path, video: str, rows: NDArray[Any]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    np.savez(root / f"{video}.npz", features=rows)


def _npy(root: Path, video: str, rows: NDArray[Any]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    np.save(root / f"{video}.npy", rows)


def _pt(root: Path, video: str, rows: NDArray[Any]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    torch.save(torch.from_numpy(rows), root / f"{video}.pt")


WRITERS: dict[str, Writer] = {"h5": _h5, "npz": _npz, "npy": _npy, "pt": _pt}


@pytest.fixture(params=WRITERS)
def layout(request: pytest.FixtureRequest) -> str:
    """Each layout in turn."""
    return str(request.param)


@pytest.fixture
def write() -> dict[str, Writer]:
    """How to write a video's features in each layout."""
    return WRITERS


@pytest.fixture
def declare(tmp_path: Path) -> Callable[..., ImportedFeatures]:
    """Declare features of four channels, two a second, below the temporary folder."""

    def make(layout: str = "npy", **changes: Any) -> ImportedFeatures:
        plain: dict[str, Any] = {
            "name": "mine",
            "role": "index",
            "layout": layout,
            "key": "",
            "paths": {"one": tmp_path / "source"},
            "parts": {"one": 4},
            "times": FeatureTimes(2.0, 0.5),
            "gflops": 3.0,
        }
        return ImportedFeatures(**{**plain, **changes})

    return make
