"""Reads ground truth as the official scorers do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotvmr.annotations.activitynet import read_activitynet
from spotvmr.annotations.charades import read_charades
from spotvmr.annotations.fields import Fields, above_zero, fields_of, identifier, listed, number, spans
from spotvmr.annotations.jsonl import read_jsonl
from spotvmr.annotations.policies import AnnotationReport
from spotvmr.annotations.sniff import sniff
from spotvmr.annotations.sources import parse_json, read_json, read_lines
from spotvmr.annotations.submissions.predictions import looks_like_predictions
from spotvmr.annotations.tacos import read_tacos
from spotvmr.errors import UserError
from spotvmr.types import Query

Span = tuple[float, float]
Ratings = list[list[float]]
_LONGEST_S = 1_000_000  # limit of a plausible duration, which bounds memory


@dataclass(frozen=True, slots=True)
class Truth:
    """The ground truth of one query.

    Attributes:
        spans: Start and end in seconds of each ground-truth moment, at least one.
        ratings: Annotators' ratings of every clip of the video, 0 to 4; None when the file has none.
    """

    spans: Sequence[Span]
    ratings: Ratings | None = None


_READERS: Mapping[str, Callable[[Path], tuple[list[Query], AnnotationReport]]] = {
    # These scorers read times clipped to the video, as annotations.policies does. Rows that the policies drop have no
    # usable time or sentence.
    "charades": read_charades,
    "tacos": read_tacos,
    "activitynet": read_activitynet,
    "jsonl": read_jsonl,
}


def read_truths(path: Path, kind: str, clip_s: int, annotators: int) -> dict[str, Truth]:
    """Read a ground-truth file.

    The scorers of Ego4D and QVHighlights read the file unchanged, with queries without a sentence and times past the
    end. ``annotations.policies`` are not applied to these two formats.

    Args:
        path: The file, UTF-8.
        kind: Its format, as in ``spotvmr evaluate format=``.
        clip_s: Seconds of a rated clip.
        annotators: Number of annotators of each clip.

    Returns:
        Ground truth by key of the query, with the keys of ``read_submission``.

    Raises:
        UserError: The file is not this format, its ground truth is withheld, or a query appears twice.
    """
    try:
        return _unique(_pairs(path, kind, clip_s, annotators), path)
    except UserError:
        if looks_like_predictions(path):
            raise UserError(f"{path} holds predictions: are ground_truth= and predictions= swapped?") from None
        likely = sniff(path)
        if likely in (None, kind) or (likely, kind) == ("jsonl", "qvhighlights"):
            raise
        raise UserError(f"ground truth {path} looks like {likely}: set format={likely}, or give another file") from None


def _pairs(path: Path, kind: str, clip_s: int, annotators: int) -> Iterator[tuple[str, Truth]]:
    """Keys and ground truths in the order of the file."""
    if kind == "ego4d-nlq":
        yield from _ego4d(path)
    elif kind == "qvhighlights":
        yield from _qvhighlights(path, clip_s, annotators)
    else:
        queries = _READERS[kind](path)[0]
        # As in a run, queries without ground truth are not scored when others have one.
        for query in [query for query in queries if query.moments] or queries:
            yield query.qid, Truth([(moment.start_s, moment.end_s) for moment in query.moments])


def _unique(pairs: Iterator[tuple[str, Truth]], path: Path) -> dict[str, Truth]:
    """Check that each query appears once and has a ground truth."""
    truths: dict[str, Truth] = {}
    for key, truth in pairs:
        if key in truths:
            raise UserError(f"ground truth {path} has query {key} twice; remove one")
        if not truth.spans:
            raise UserError(f"ground truth {path} has no moment for query {key}; a withheld truth cannot be scored")
        if not all(math.isfinite(time) for span in truth.spans for time in span):
            raise UserError(f"ground truth {path} has NaN or infinity as a time of query {key}; correct the file")
        truths[key] = truth
    if not truths:
        raise UserError(f"ground truth {path} holds no query; give the annotation file")
    return truths


def _ego4d(path: Path) -> Iterator[tuple[str, Truth]]:
    """All language queries of an Ego4D file."""
    for video in listed(fields_of(read_json(path), str(path)), "videos", str(path)):
        for clip in listed(fields_of(video, str(path)), "clips", str(path)):
            for annotation in listed(fields_of(clip, str(path)), "annotations", str(path)):
                row = fields_of(annotation, str(path))
                name = f"{identifier(clip, 'clip_uid', str(path))}/{identifier(row, 'annotation_uid', str(path))}"
                for index, query in enumerate(listed(row, "language_queries", f"{path}, {name}")):
                    yield f"{name}_{index}", Truth(_clip_times(query, f"{path}, {name}_{index}"))


def _clip_times(query: object, where: str) -> list[Span]:
    """Start and end of a query within its clip; empty when they are withheld."""
    times = fields_of(query, where)
    if times.get("clip_start_sec") is None and times.get("clip_end_sec") is None:
        return []
    start_s, end_s = (number(times, f"clip_{border}_sec", "in seconds", where) for border in ("start", "end"))
    return [(start_s, end_s)]


def _qvhighlights(path: Path, clip_s: int, annotators: int) -> Iterator[tuple[str, Truth]]:
    """All lines of a QVHighlights file."""
    for where, line in read_lines(path):
        row = fields_of(parse_json(line, where, "the format is one JSON object a line"), where)
        truth = Truth(spans(row, "relevant_windows", where), _ratings(row, where, clip_s, annotators))
        yield identifier(row, "qid", where), truth


def _ratings(row: Fields, where: str, clip_s: int, annotators: int) -> Ratings | None:
    """Ratings of every clip of the video; clips outside the ground-truth moments were not rated and count as 0."""
    if row.get("saliency_scores") is None:
        return None
    duration_s = above_zero(row, "duration", "in seconds", where)
    if not duration_s <= _LONGEST_S:
        raise UserError(f"{where} has a duration of {duration_s} s, above {_LONGEST_S} or no number; correct the file")
    rated = [[0.0] * annotators for _ in range(int(duration_s / clip_s))]
    clips, scores = listed(row, "relevant_clip_ids", where), listed(row, "saliency_scores", where)
    if len(clips) != len(scores):
        raise UserError(f'{where} has {len(clips)} "relevant_clip_ids" and {len(scores)} "saliency_scores"')
    for clip, rates in zip(clips, scores, strict=True):
        if type(clip) is not int or not 0 <= clip < len(rated):
            raise UserError(f"{where} rates clip {repr(clip)[:20]} of a video of {len(rated)} clips; correct the file")
        rated[clip] = _rates(rates, where, annotators)
    return rated


def _rates(value: Any, where: str, annotators: int) -> list[float]:
    """Ratings of one clip, one an annotator."""
    sound = isinstance(value, list) and len(value) == annotators
    if not sound or not all(type(rate) in (int, float) and 0 <= rate <= 4 for rate in value):
        raise UserError(f"{where} has {repr(value)[:60]} as ratings, needs {annotators} numbers from 0 to 4")
    return [float(rate) for rate in value]
