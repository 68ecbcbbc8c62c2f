"""Assigns clips to videos, from a seed; no clip is in two splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from spotvmr.errors import UserError
from spotvmr.haystack.settings import SHARES, SPLITS, HaystackSettings
from spotvmr.haystack.sources import Source
from spotvmr.haystack.timeline import Timeline


def split_files(files: Sequence[str], seed: int) -> dict[str, str]:
    """Split of each clip: the clips are shuffled with the seed and divided by ``SHARES``.

    Haystacks of any length with the same clips and seed never share a clip across splits.
    """
    order = np.random.default_rng([seed, 0]).permutation(len(files))
    edges = np.cumsum(SHARES[:-1]) * len(files)
    ranks = np.empty(len(files), np.int64)
    ranks[order] = np.arange(len(files))
    which = np.searchsorted(edges, ranks, side="right")
    return {file: SPLITS[int(number)] for file, number in zip(sorted(files), which, strict=True)}


def assign_clips(settings: HaystackSettings, files: Sequence[str], sources: Sequence[Source]) -> dict[str, Timeline]:
    """Assign clips to every video.

    Args:
        settings: Settings of the haystack.
        files: All clips of the list, readable or not: an unreadable clip does not change the split of others.
        sources: The readable clips.

    Returns:
        The plan of each video by its id, in the order of the splits.

    Raises:
        UserError: A split has too few clips.
    """
    split_of = split_files(files, settings.seed)
    plans = {}
    for number, (split, videos) in enumerate(settings.videos_of().items()):
        queue = [source for source in sources if split_of[source.file] == split]
        if videos and len(queue) < 2:
            raise UserError(
                f"split {split} has {len(queue)} of {len(sources)} readable clips, needs 2; give more clips"
            )
        rng = np.random.default_rng([settings.seed, 1, number])
        queue = [queue[int(place)] for place in rng.permutation(len(queue))]
        for video in range(videos):
            plans[f"{split}_{video:04d}"] = timeline = _fill(settings, queue, rng)
            queue = _move_to_end(queue, timeline)
    return plans


def _fill(settings: HaystackSettings, queue: Sequence[Source], rng: np.random.Generator) -> Timeline:
    """Fill one video with clips from the front of the queue."""
    timeline = Timeline(settings.n_frames, settings.fps, settings.fade_frames)
    for source in _order(queue, timeline, settings.n_frames, rng):
        timeline.add(source)
        if timeline.full:
            break
    return timeline


def _order(queue: Sequence[Source], timeline: Timeline, n_frames: int, rng: np.random.Generator) -> list[Source]:
    """Enough clips to fill one video.

    Each clip adds a new caption. When a split has too few such clips for the length, the first half of them appears
    once, and clips that share no caption with this half are repeated to fill the rest.
    """
    chosen, frames = [], 0
    for source in _with_new_captions(queue):
        chosen.append(source)
        frames += timeline.least(source)
        if frames >= n_frames:
            return chosen
    needles = chosen[: len(chosen) // 2]
    fillers = _unlike(queue, needles) or chosen[len(needles) :]
    found, frames = list(needles), sum(map(timeline.least, needles))
    while frames < n_frames:
        for place in rng.permutation(len(fillers)):
            found.append(fillers[int(place)])
            frames += timeline.least(found[-1])
            if frames >= n_frames:
                break
    return [found[int(place)] for place in rng.permutation(len(found))]


def _with_new_captions(queue: Sequence[Source]) -> Iterator[Source]:
    """The clips with a caption that no earlier clip has."""
    seen: set[str] = set()
    for source in queue:
        if not source.captions.keys() <= seen:
            seen.update(source.captions)
            yield source


def _unlike(queue: Sequence[Source], needles: Sequence[Source]) -> list[Source]:
    """The clips that share no caption with the needles."""
    taken = {caption for source in needles for caption in source.captions}
    return [source for source in queue if taken.isdisjoint(source.captions)]


def _move_to_end(queue: Sequence[Source], timeline: Timeline) -> list[Source]:
    """The queue with the clips of a video at its end, so that the next video starts with others."""
    used: Mapping[str, Source] = {piece.source.file: piece.source for piece in timeline.pieces}
    return [source for source in queue if source.file not in used] + list(used.values())
