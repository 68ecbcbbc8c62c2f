"""Agreement of search in files with stored features, and recall of an index of key frames."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import torch
from rich.console import Console
from rich.progress import track

from spotvmr.assembly import find_videos, load_splits, make_world
from spotvmr.benchmarks.retrieval.rows import Row, row
from spotvmr.config import Config
from spotvmr.metrics import GroundingMetrics, IouRule
from spotvmr.metrics.functional import iou
from spotvmr.retrieval.answer import Answer
from spotvmr.retrieval.retriever import Retriever
from spotvmr.types import Moment, Query
from spotvmr.types.predictions import Prediction, read_predictions

SPACINGS_S = (1.0, 4.0)
"""Seconds between the key frames of the generated videos."""
_SAME_IOU = 0.99
_MOMENTS = 5
Answers = Mapping[str, Answer]
"""Answers by the id of the query."""


def answer_rows(run: Path) -> list[Row]:
    """Search the video files of the test split with a trained run.

    Search with an index frame in the middle of each clip is compared with the run's ``predictions.jsonl``, which are
    from stored features. An index of key frames is compared with an index of every clip: at several spacings of key
    frames if the data set is a generated world, else at the spacing of its videos.

    Args:
        run: Folder of a run with a record at its own budget.

    Raises:
        UserError: The run, its data set or its predictions are absent.
    """
    rows = []
    with TemporaryDirectory() as cache:
        retriever = Retriever.from_run(run, cache)
        cached = {found.qid: found for found in read_predictions(run / "predictions.jsonl")}
        for spacing_s, config in _variants(retriever.config):
            queries, files = _test_split(config)
            every = search_files(retriever, queries, files, config.dataset.clip_s)
            if config is retriever.config:
                rows.append(_agreement(cached, every))
            sparse = search_files(retriever, queries, files, None)
            rows.append(_recall(queries, sparse, every, config, spacing_s))
    return rows


def _variants(config: Config) -> list[tuple[float | None, Config]]:
    """The data set itself, then its world with other spacings of key frames (test videos only)."""
    data, world = config.dataset, config.dataset.world
    if world is None:
        return [(None, config)]
    found: list[tuple[float | None, Config]] = [(world.keyframe_s, config)]
    for spacing_s in SPACINGS_S:
        if spacing_s != world.keyframe_s:
            name = f"{data.name}-key{spacing_s:g}s"
            other = replace(world, keyframe_s=spacing_s, train_videos=0, val_videos=0, pool_videos=0)
            root = str(Path(data.root).with_name(name))
            dataset = replace(data, name=name, root=root, train=None, val=None, world=other)
            found.append((spacing_s, replace(config, dataset=dataset)))
    return found


def _test_split(config: Config) -> tuple[list[Query], Mapping[str, Path]]:
    """Queries of the test split, and the files of their videos."""
    make_world(config)
    splits = load_splits(config.dataset)
    return splits["test"], find_videos(config.dataset, splits)


def search_files(
    retriever: Retriever, queries: Sequence[Query], files: Mapping[str, Path], every_s: float | None
) -> Answers:
    """Search every query in its video, video by video.

    Args:
        retriever: Searches the files.
        queries: Queries of any number of videos.
        files: Path of each video.
        every_s: Seconds between index frames; None for an index of key frames.
    """
    of_video: dict[str, list[Query]] = defaultdict(list)
    for query in queries:
        of_video[query.video_id].append(query)
    found: dict[str, Answer] = {}
    what = "key frames" if every_s is None else "every clip"
    for video_id, of_one in track(of_video.items(), f"searching, index of {what}", console=Console(stderr=True)):
        video = retriever.open(files[video_id], every_s, progress=False)
        results = video.ask([query.text for query in of_one], top=_MOMENTS)
        found |= {query.qid: answer for query, answer in zip(of_one, results, strict=True)}
    return found


def _agreement(cached: Mapping[str, Prediction], lazy: Answers) -> Row:
    """Share of the queries with equal moments at every rank."""
    both = [qid for qid in lazy if qid in cached]
    same = sum(_same(cached[qid].moments[:_MOMENTS], lazy[qid].moments) for qid in both)
    clips = sum(cached[qid].selected_clips == lazy[qid].clips for qid in both)
    name = f"lazy / cached: all {_MOMENTS} moments at IoU {_SAME_IOU:g}, {len(both)} queries"
    return row(name, same / len(both), "of them", least=0.99, same_clips=clips / len(both))


def _same(left: Sequence[Moment], right: Sequence[Moment]) -> bool:
    """Whether two lists of moments are equal up to rounding."""
    if len(left) != len(right):
        return False
    spans = [torch.tensor([(m.start_s, m.end_s) for m in side], dtype=torch.float64) for side in (left, right)]
    # Moments of no length have IoU 0 with themselves.
    equal = torch.isclose(spans[0], spans[1], rtol=0.0, atol=1e-3).all(-1)
    return bool((equal | (iou(spans[0], spans[1]).diagonal() >= _SAME_IOU)).all())


def _recall(queries: Sequence[Query], sparse: Answers, every: Answers, config: Config, spacing_s: float | None) -> Row:
    """R1@0.3 of the index of key frames over that of an index frame in every clip."""
    scores = []
    for found in (sparse, every):
        metric = GroundingMetrics(cast(IouRule, config.dataset.iou_rule))
        metric.update([q.qid for q in queries], [found[q.qid].moments for q in queries], [q.moments for q in queries])
        scores.append(metric.compute()["R1@0.3"])
    what = "" if spacing_s is None else f"{spacing_s:g} s "
    ratio = scores[0] / scores[1] if scores[1] else 0.0
    name = f"R1@0.3: {what}key frames / an index frame in every clip"
    return row(name, ratio, "x", least=0.97, key_frames=scores[0], every_clip=scores[1], queries=len(queries))
