"""Packing of imported features into a feature store like computed ones."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import track

from spotvmr.features.importers.declared import ImportedFeatures
from spotvmr.features.key import StoreKey
from spotvmr.features.manifest import MANIFEST, Manifest
from spotvmr.features.writer import StoreWriter
from spotvmr.types import ClipGrid
from spotvmr.types.excerpt import Excerpt

log = logging.getLogger(__name__)


def import_features(
    store: Path,
    source: ImportedFeatures,
    durations_s: Mapping[str, float],
    clip_s: float,
    excerpts: Mapping[str, Excerpt] | None = None,
) -> None:
    """Update a store from its source files.

    A store of other files is made anew, and serves readers until the new one is whole. One of the same files keeps
    the videos it has.

    Args:
        store: Folder of the store.
        source: The declared features.
        durations_s: Length of each video in seconds, in the order to pack.
        clip_s: Length of a clip in seconds.
        excerpts: Where each video lies in its recording, for files of recordings.

    Raises:
        UserError: Features are missing or not as declared, the store was made with other settings, or the
            disk refuses.
    """
    key = source.store_key(clip_s)
    anew = _from_other_files(store, key)
    if anew:
        log.info("%s was made from other files: importing anew", store)
    with StoreWriter(store, key, anew=anew) as writer:
        missing = [video_id for video_id in durations_s if not writer.done(video_id)]
        for video_id in track(missing, f"importing {source.name}", console=Console(stderr=True), disable=not missing):
            grid = ClipGrid(durations_s[video_id], clip_s)
            writer.add(video_id, source.read(video_id, grid, (excerpts or {}).get(video_id)), grid.duration_s)
        writer.finish(list(durations_s))


def _from_other_files(store: Path, key: StoreKey) -> bool:
    """Whether only the source files of a store changed; they can be read again."""
    if not (store / MANIFEST).is_file():
        return False
    before = Manifest.load(store).key
    return before != key and replace(before, weights_hash=key.weights_hash) == key
