"""Filling the stores: encoders read the videos, imported features are read from their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from spotvmr.annotations import require_videos
from spotvmr.assembly import DerivedIndex, FeatureSource, Splits, find_excerpts, find_videos, index_tower
from spotvmr.config import Config
from spotvmr.encoders import ClipEncoder
from spotvmr.extraction.deriving import derive_store, raw_path
from spotvmr.extraction.encoding import Engine, Recipe
from spotvmr.extraction.indexing import extract
from spotvmr.extraction.staleness import SourceNotes
from spotvmr.features import FeatureStore
from spotvmr.features.importers import ImportedFeatures, import_features
from spotvmr.types.excerpt import Excerpt


def fill_stores(
    config: Config, splits: Splits, sources: Mapping[Path, FeatureSource], engine: Engine
) -> dict[str, Path]:
    """Bring the stores up to date.

    Args:
        config: The configuration.
        splits: The queries, whose videos the stores must hold.
        sources: What each store folder is filled from.
        engine: Who encodes videos.

    Returns:
        Path of each video; empty when all features are imported, since then no video is needed.

    Raises:
        UserError: Videos or features are missing or broken, or a store was made otherwise.
    """
    clip_s = config.dataset.clip_s
    encoders = {path: source for path, source in sources.items() if not isinstance(source, ImportedFeatures)}
    videos: dict[str, Path] = {}
    if encoders:
        videos = find_videos(config.dataset, splits)
        _compute(config, splits, videos, encoders, engine)
    durations_s = _durations_s(splits, encoders)
    for path, source in sources.items():
        if isinstance(source, ImportedFeatures):
            excerpts = find_excerpts(config.dataset) if source.recordings else None
            _require_features(splits, source, excerpts or {})
            import_features(path, source, durations_s, clip_s, excerpts)
    return videos


def _compute(
    config: Config,
    splits: Splits,
    videos: Mapping[str, Path],
    encoders: Mapping[Path, ClipEncoder | DerivedIndex],
    engine: Engine,
) -> None:
    """Encode the videos; then make derived parts of the embeddings, which have a store of their own."""
    clip_s = config.dataset.clip_s
    raw: dict[Path, ClipEncoder] = {}
    derived: dict[Path, DerivedIndex] = {}
    for path, source in encoders.items():
        if isinstance(source, DerivedIndex):
            raw[raw_path(path)], derived[path] = source.raw, source
        else:
            raw[path] = source
    notes = {path: SourceNotes(path, videos) for path in (*raw, *derived)}
    replaced = {path: note.replaced for path, note in notes.items()}
    recipe = Recipe(raw, clip_s, config.expert.batch_clips, config.device, config.video.backend)
    extract(videos, recipe, engine, {path: replaced[path] for path in raw})
    training = sorted({query.video_id for query in splits.by_name.get("train", [])})
    for path, source in derived.items():
        derive_store(path, source, videos, training, clip_s, lambda: index_tower(config), replaced[path])
    for note in notes.values():
        note.confirm()


def _require_features(splits: Splits, source: ImportedFeatures, excerpts: Mapping[str, Excerpt]) -> None:
    """Say how many videos and queries lack features before the first is read."""
    recordings = {q.video_id: excerpts[q.video_id].recording_id for q in splits.queries if q.video_id in excerpts}
    present = source.present(recordings.get(query.video_id, query.video_id) for query in splits.queries)
    videos = {q.video_id for q in splits.queries if recordings.get(q.video_id, q.video_id) in present}
    require_videos(splits.queries, videos, ", ".join(map(str, source.paths.values())))


def _durations_s(splits: Splits, encoders: Mapping[Path, ClipEncoder | DerivedIndex]) -> dict[str, float]:
    """Length of each annotated video: as computed features have it, so that both stores have equal clips."""
    if encoders:
        store = FeatureStore.open(next(iter(encoders)))
        return {query.video_id: store.duration_s(query.video_id) for query in splits.queries}
    longest: dict[str, float] = {}
    for query in splits.queries:
        longest[query.video_id] = max(query.duration_s, longest.get(query.video_id, 0.0))
    return longest
