"""Indexing and extraction: what the stores lack is encoded by an engine, and packed when all of it is there."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from spotvmr.assembly import FeatureSource, spec_key
from spotvmr.errors import UserError
from spotvmr.extraction.decoding import Failure
from spotvmr.extraction.encoding import Engine, Indexed, Recipe
from spotvmr.features import FeatureStore, StoreKey, StoreWriter
from spotvmr.features.importers import ImportedFeatures
from spotvmr.system.files import write_text_atomic

log = logging.getLogger(__name__)


def store_key(encoder: FeatureSource, clip_s: float) -> StoreKey:
    """What identifies the features of an encoder or of imported files."""
    if isinstance(encoder, ImportedFeatures):
        return encoder.store_key(clip_s)
    return spec_key(encoder.spec, clip_s)


def extract(
    videos: Mapping[str, Path], recipe: Recipe, engine: Engine, replaced: Mapping[Path, Collection[str]] | None = None
) -> None:
    """Fill the stores: encode every clip of the videos that they lack.

    A killed call goes on where it stopped, video by video. A video that cannot be read, or that crashes or hangs the
    decoder, costs itself alone: the others are encoded and kept, then the call fails. Beside each store
    ``timing.json`` keeps the seconds and clips of each stage, for the ledger.

    Args:
        videos: Path of each video.
        recipe: How, and for which stores.
        engine: Who does the work.
        replaced: By store, the videos whose file changed since their features were made: these are encoded again, and
            the old rows serve readers until all is there.

    Raises:
        UserError: A store was made by another encoder, videos cannot be read (``result`` has every one), or the disk
            is full.
    """
    # Absolute: the work may go to processes that stand in other folders.
    recipe = replace(recipe, encoders={path.resolve(): encoder for path, encoder in recipe.encoders.items()})
    again = {path.resolve(): videos for path, videos in (replaced or {}).items()}
    with ExitStack() as stack:
        writers = {
            path: stack.enter_context(StoreWriter(path, store_key(encoder, recipe.clip_s), again.get(path, ())))
            for path, encoder in recipe.encoders.items()
        }
        missing = {v: p for v, p in videos.items() if not all(w.done(v) for w in writers.values())}
        if missing:
            outcomes = list(_shown(engine(missing, recipe, writers), len(missing)))
            _note_times([one for one in outcomes if isinstance(one, Indexed)], recipe)
            failed = {one.video_id: one.message for one in outcomes if isinstance(one, Failure)}
            if failed:
                raise _incomplete(failed, len(videos))
        for writer in writers.values():
            writer.finish(list(videos))


def _shown(outcomes: Iterable[Indexed | Failure], n_videos: int) -> Iterator[Indexed | Failure]:
    """The outcomes; shows how far it is, and says at once which video is skipped."""
    with Progress(*Progress.get_default_columns(), "{task.fields[rate]}", console=Console(stderr=True)) as progress:
        bar = progress.add_task("indexing", total=n_videos, rate="")
        began, clips = time.perf_counter(), 0
        for outcome in outcomes:
            if isinstance(outcome, Failure):
                log.warning("skipped %s: %s", outcome.video_id, outcome.message)
            else:
                clips += outcome.clips
            progress.update(bar, advance=1, rate=f"{clips / (time.perf_counter() - began):.0f} clips/s")
            yield outcome


def _note_times(indexed: Sequence[Indexed], recipe: Recipe) -> None:
    """Leave the times of this extraction beside each store."""
    clips, decode_s = sum(one.clips for one in indexed), sum(one.decode_s for one in indexed)
    for path in recipe.encoders:
        encode_s = sum(one.encode_s[path] for one in indexed)
        timing = {"clips": clips, "frames_per_clip": recipe.frames, "decode_s": decode_s, "encode_s": encode_s}
        write_text_atomic(path / "timing.json", json.dumps(timing))


def _incomplete(failed: Mapping[str, str], n_videos: int) -> UserError:
    """The line, and the whole list, of videos that could not be indexed."""
    first, *others = failed
    also = f" (and {len(others)} more, such as {others[0]})" if others else ""
    done = n_videos - len(failed)
    return UserError(
        f"{failed[first]}{also}; the features of {done} of {n_videos} videos are kept: mend or replace the others, or "
        "take their annotations out, then run this again",
        result={"done": done, "skipped": dict(failed)},
    )


def open_stores(paths: Sequence[Path], encoders: Sequence[FeatureSource], clip_s: float) -> list[FeatureStore]:
    """Open stores and compare their checksums.

    Args:
        paths: Their folders.
        encoders: What each was filled from.
        clip_s: Length of a clip in seconds.

    Raises:
        UserError: There is no store, it is damaged, or another encoder made it.
    """
    stores = [FeatureStore.open(p, store_key(e, clip_s)) for p, e in zip(paths, encoders, strict=True)]
    for store in stores:
        store.verify()  # about 1 GB/s: seconds, for thousands of hours of video
    return stores
