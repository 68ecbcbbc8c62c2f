"""Benchmark of indexing: clips a second over the number of decoding processes."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spotvmr.assembly import DerivedIndex, build_encoders
from spotvmr.config import Config
from spotvmr.encoders import ClipEncoder
from spotvmr.errors import UserError
from spotvmr.extraction.decoding import Failure, decoded
from spotvmr.extraction.encoding import Recipe, on_this_machine
from spotvmr.extraction.indexing import extract
from spotvmr.features import FeatureStore
from spotvmr.features.importers import ImportedFeatures
from spotvmr.system.cores import usable_cores

_LEAST = 1.7
"""Minimum speed of two decoding processes over one; extraction has no limit, since encoders run in one process."""
_ROUNDS = 5
"""Rounds of decoding, by one process and by two alternately, since other load on the machine changes over time."""


def indexing_rows(config: Config, videos: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Time decoding and extraction with one process, with two, and with one for each core.

    Args:
        config: Settings of encoders and clips.
        videos: Path of each video, of equal lengths.

    Returns:
        Rows of ``what``, ``median`` (extraction runs once), ``unit`` and ``limit``; ``least`` where there is one.

    Raises:
        UserError: An encoder is imported, or a video cannot be read.
    """
    counts = sorted({1, 2, usable_cores()})
    batch, backend = config.expert.batch_clips, config.video.backend
    recipe = Recipe(_encoders(config), config.dataset.clip_s, batch, config.device, backend)
    rounds = [{count: _decoding(videos, recipe, count) for count in counts} for _ in range(_ROUNDS)]
    whole = {count: _extracting(videos, recipe, count) for count in counts}
    return [*_rows("decoding", rounds, _LEAST), *_rows("decoding and encoders", [whole], None)]


def _rows(what: str, rounds: Sequence[Mapping[int, float]], least: float | None) -> list[dict[str, Any]]:
    """Medians over rounds: clips a second of each number of processes, and two over one in the same round."""
    rates = {count: statistics.median(one[count] for one in rounds) for count in rounds[0]}
    rows = [{"what": f"{what}, {n} processes", "median": r, "unit": "clips/s", "limit": None} for n, r in rates.items()]
    gain = statistics.median(one[2] / one[1] for one in rounds)
    ratio = {"what": f"{what}, 2 processes over 1", "median": gain, "unit": "times", "limit": None}
    return [*rows, ratio | {"least": least}]


def _decoding(videos: Mapping[str, Path], recipe: Recipe, workers: int) -> float:
    """Clips a second of decoding alone, the start of the processes included."""
    began, clips = time.perf_counter(), 0
    for chunk in decoded(videos, recipe.clip_s, recipe.frames, recipe.chunk_clips, workers, recipe.backend):
        if isinstance(chunk, Failure):
            raise UserError(chunk.message)
        clips += len(chunk.pixels)
    return clips / (time.perf_counter() - began)


def _extracting(videos: Mapping[str, Path], recipe: Recipe, workers: int) -> float:
    """Clips a second of an extraction, from no stores to packed ones."""
    with tempfile.TemporaryDirectory() as folder:
        stores = {Path(folder) / path: encoder for path, encoder in recipe.encoders.items()}
        began = time.perf_counter()
        extract(videos, replace(recipe, encoders=stores), on_this_machine(workers))
        spent_s = time.perf_counter() - began
        return FeatureStore.open(next(iter(stores))).manifest.clips / spent_s


def _encoders(config: Config) -> dict[Path, ClipEncoder]:
    """Both encoders by name of their store; for a derived index its raw encoder."""
    encoders: dict[Path, ClipEncoder] = {}
    for name, source in zip(("index", "expert"), build_encoders(config), strict=True):
        if isinstance(source, ImportedFeatures):
            raise UserError(f"{name}={source.name} is imported: there is nothing to time; choose another encoder")
        encoders[Path(name)] = source.raw if isinstance(source, DerivedIndex) else source
    return encoders
