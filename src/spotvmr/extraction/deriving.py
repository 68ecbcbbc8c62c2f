"""Derived stores: parts made of the embeddings of another store."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from spotvmr.assembly import DerivedIndex
from spotvmr.assembly.derived import RioIndex
from spotvmr.assembly.encoding import spec_key
from spotvmr.encoders import TextEncoder
from spotvmr.errors import UserError
from spotvmr.features import FeatureStore, StoreKey, StoreWriter
from spotvmr.system.files import write_text_atomic

log = logging.getLogger(__name__)


def raw_path(path: Path) -> Path:
    """Folder of the embeddings that the store at ``path`` is made of."""
    return path.with_name(f"{path.name}-raw")


def derive_store(
    path: Path,
    source: DerivedIndex,
    videos: Mapping[str, Path],
    training: Sequence[str],
    clip_s: float,
    tower: Callable[[], TextEncoder],
    replaced: Collection[str] = (),
) -> None:
    """Fill a derived store; one made of other embeddings is made anew, which takes seconds.

    Args:
        path: Its folder; the embeddings lie at ``raw_path(path)``.
        source: How it is made.
        videos: Path of each video.
        training: Videos that a projection is fitted on.
        clip_s: Length of a clip in seconds.
        tower: Builds the text tower that belongs to the encoder.
        replaced: Videos whose file changed since their features were made.

    Raises:
        UserError: A projection cannot be fitted, a video cannot be read, or the disk refuses.
    """
    raw = FeatureStore.open(raw_path(path), spec_key(source.raw.spec, clip_s))
    if isinstance(source, RioIndex):
        source.fit(raw, training, tower)
    key = spec_key(source.spec, clip_s)
    anew = _made_otherwise(path, key)
    if anew:
        log.info("%s is made anew from its embeddings", path)
    began, clips = time.perf_counter(), 0
    with StoreWriter(path, key, replaced, anew) as writer:
        for video_id in (name for name in videos if not writer.done(name)):
            features = source.derive(raw.read(video_id), videos[video_id], clip_s)
            writer.add(video_id, features, raw.duration_s(video_id))
            clips += len(features)
        writer.finish(list(videos))
    if clips:
        _note_time(path, (time.perf_counter() - began) / clips)


def _made_otherwise(path: Path, key: StoreKey) -> bool:
    """Whether another projection or encoder made the store, or it is damaged."""
    try:
        return path.is_dir() and any(path.glob("*.json")) and bool(FeatureStore.open(path).key.differences(key))
    except UserError:
        return True


def _note_time(path: Path, clip_spent_s: float) -> None:
    """Leave the times of the embeddings' extraction beside the store, with those of deriving added."""
    timing = json.loads((raw_path(path) / "timing.json").read_text())
    timing["encode_s"] += clip_spent_s * timing["clips"]
    write_text_atomic(path / "timing.json", json.dumps(timing))
