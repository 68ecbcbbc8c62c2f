"""Benchmarks of parts: medians of many runs in one process."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.benchmark import Timer

from spotvmr.annotations import read_activitynet
from spotvmr.benchmarks.speed.logging import logging_rows
from spotvmr.benchmarks.speed.scores import score_rows
from spotvmr.encoders import build_expert, build_index
from spotvmr.features import FeatureStore, StoreKey, StoreWriter

_VIDEOS, _CLIPS, _DIM = 20, 3600, 768


def part_rows() -> list[dict[str, Any]]:
    """Time every part.

    Returns:
        Rows of ``what``, ``median``, ``unit`` and ``limit`` (None where there is none).
    """
    return [_annotation_row(), *_store_rows(), *_encoder_rows(), *score_rows(), *logging_rows()]


def _annotation_row() -> dict[str, Any]:
    """Parse as many sentences as the training split of ActivityNet Captions: 37,421 of 10,009 videos."""
    entries = [
        {
            "duration": 120.0,
            "timestamps": [[1.5, 20.25]] * count,
            "sentences": ["A girl dances around the room."] * count,
        }
        for count in [4] * 7394 + [3] * 2615
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.json"
        path.write_text(json.dumps({f"v_{number:011d}": entry for number, entry in enumerate(entries)}))
        spent = _median_us(lambda: read_activitynet(path)) / 1e6
    return {"what": "annotations, parse 37,421 sentences", "median": spent, "unit": "s", "limit": 2.0}


def _store_rows() -> list[dict[str, Any]]:
    """Read 64 clips of a store of 20 hours."""
    rng = np.random.default_rng(0)
    scattered = rng.choice(_CLIPS, 64, replace=False)
    with tempfile.TemporaryDirectory() as folder:
        store = _store(Path(folder) / "index", rng)
        gather = _median_us(lambda: store.gather("7", scattered))
        window = _median_us(lambda: store.read("7", 1000, 1064).copy())
    return [
        {"what": "store, gather 64 scattered clips", "median": gather, "unit": "µs", "limit": 40.0},
        {"what": "store, copy a window of 64 clips", "median": window, "unit": "µs", "limit": None},
    ]


def _encoder_rows() -> list[dict[str, Any]]:
    """Run the demo's encoders on 64 clips."""
    rows = []
    for encoder in (build_index("errands"), build_expert("errands")):
        frames = torch.zeros(64, encoder.spec.frames, 3, 90, 160, dtype=torch.uint8)
        with torch.inference_mode():
            spent = _median_us(partial(encoder, frames))
        parts = "+".join(encoder.spec.parts)
        rows.append({"what": f"encoder {parts}, a clip", "median": spent / 64, "unit": "µs", "limit": None})
    return rows


def _store(path: Path, rng: np.random.Generator) -> FeatureStore:
    """A store of random features."""
    key = StoreKey("bench", "0", "none", 1.0, 1, {"features": _DIM})
    with StoreWriter(path, key) as writer:
        names = [str(video) for video in range(_VIDEOS)]
        for name in names:
            writer.add(name, rng.standard_normal((_CLIPS, _DIM), dtype=np.float32), float(_CLIPS))
        writer.finish(names)
    return FeatureStore.open(path)


def _median_us(call: Callable[[], object]) -> float:
    """Median microseconds of a call, with the number of threads of training."""
    timer = Timer("call()", globals={"call": call}, num_threads=torch.get_num_threads())
    return float(timer.blocked_autorange(min_run_time=1.0).median * 1e6)
