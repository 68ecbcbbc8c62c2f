"""Indexing and extraction: one decode of each video feeds both encoders, results go to the stores."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress

from spotvmr.assembly import FeatureSource, encode_clips, spec_key
from spotvmr.encoders import ClipEncoder
from spotvmr.engine.decoding import Chunk, Failure, watched
from spotvmr.errors import UserError
from spotvmr.features import FeatureStore, StoreKey, StoreWriter
from spotvmr.features.importers import ImportedFeatures
from spotvmr.types.files import write_text_atomic

log = logging.getLogger(__name__)


def store_key(encoder: FeatureSource, clip_s: float) -> StoreKey:
    """What identifies the features of an encoder or of imported files."""
    if isinstance(encoder, ImportedFeatures):
        return encoder.store_key(clip_s)
    return spec_key(encoder.spec, clip_s)


def extract(
    videos: Mapping[str, Path], encoders: Mapping[Path, ClipEncoder], clip_s: float, batch_clips: int, device: str
) -> None:
    """Bring the stores up to date: encode every clip of the videos they lack.

    A killed call goes on where it stopped, video by video. A video that cannot be read, or that crashes or hangs the
    decoder, costs itself alone: the others are encoded and kept, then the call fails. Beside each store
    ``timing.json`` keeps the seconds and clips of each stage, for the ledger.

    Args:
        videos: Path of each video.
        encoders: Store folder of each encoder.
        clip_s: Length of a clip in seconds.
        batch_clips: Clips encoded at once.
        device: Where the encoders run.

    Raises:
        UserError: A store was made by another encoder, videos cannot be read (``result`` has every one), or the disk
            is full.
    """
    with ExitStack() as stack:
        writers = {
            path: stack.enter_context(StoreWriter(path, store_key(encoder, clip_s)))
            for path, encoder in encoders.items()
        }
        missing = {v: p for v, p in videos.items() if not all(w.done(v) for w in writers.values())}
        if missing:
            failed = _extract_missing(missing, encoders, writers, clip_s, batch_clips, device)
            if failed:
                raise _incomplete(failed, len(videos))
        for writer in writers.values():
            writer.finish(list(videos))


def _extract_missing(
    videos: Mapping[str, Path],
    encoders: Mapping[Path, ClipEncoder],
    writers: Mapping[Path, StoreWriter],
    clip_s: float,
    batch_clips: int,
    device: str,
) -> dict[str, str]:
    """Encode videos and add each to its stores when it is whole; why others could not be read, by id."""
    frames = max(encoder.spec.frames for encoder in encoders.values())
    held: dict[Path, list[np.ndarray]] = {path: [] for path in encoders}
    encode_s = dict.fromkeys(encoders, 0.0)
    clips, decode_s = 0, 0.0
    failed: dict[str, str] = {}
    for chunk in _chunks(videos, clip_s, frames, batch_clips):
        if isinstance(chunk, Failure):
            failed[chunk.video_id] = chunk.message
            continue
        if chunk.start == 0:
            held = {path: [] for path in encoders}
        clips += len(chunk.pixels)
        decode_s += chunk.decode_s
        for path, encoder in encoders.items():
            start = time.perf_counter()
            held[path].append(encode_clips(encoder, chunk.pixels, device))
            encode_s[path] += time.perf_counter() - start
            if chunk.last:
                features = np.concatenate(held[path])
                held[path] = []
                if not writers[path].done(chunk.video_id):
                    writers[path].add(chunk.video_id, features, chunk.duration_s)
    for path in encoders:
        timing = {"clips": clips, "frames_per_clip": frames, "decode_s": decode_s, "encode_s": encode_s[path]}
        write_text_atomic(path / "timing.json", json.dumps(timing))
    return failed


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


def _chunks(videos: Mapping[str, Path], clip_s: float, frames: int, chunk_clips: int) -> Iterator[Chunk | Failure]:
    """Decode ahead in one worker, video after video, and show how far it is."""
    with Progress(*Progress.get_default_columns(), "{task.fields[rate]}", console=Console(stderr=True)) as progress:
        bar = progress.add_task("indexing", total=len(videos), rate="")
        began, clips = time.perf_counter(), 0
        for chunk in watched(videos, clip_s, frames, chunk_clips):
            yield chunk
            if isinstance(chunk, Failure):
                log.warning("skipped %s: %s", chunk.video_id, chunk.message)
                progress.update(bar, advance=1)
                continue
            clips += len(chunk.pixels)
            rate = clips / (time.perf_counter() - began)
            progress.update(bar, advance=int(chunk.last), rate=f"{rate:.0f} clips/s")


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
