"""Single queries in compact form for the page: a thousand take about 0.25 MB."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from spotvmr.report.page.rows import short
from spotvmr.report.page.scores import top_iou
from spotvmr.types.predictions import Prediction
from spotvmr.types.traces import Trace

MAX_QUERIES = 1000
"""Maximum number of queries of a run in the page: queries with a trace first, then a uniform sample."""

_MAX_POINTS = 600  # of the score curve: more points would be narrower than its line


class SharedQueries:
    """Sentences, videos and ground truths that runs have in common, stored once.

    Attributes:
        rows: ``[qid, video, sentence, duration_s or None, [start_s, end_s, …]]`` of each.
    """

    def __init__(self) -> None:
        self.rows: list[list[Any]] = []
        self._place: dict[tuple[Any, ...], int] = {}

    def place(self, answer: Prediction) -> int:
        """Number of the row of the query; a new query gets a new row."""
        key = (answer.qid, answer.video_id, answer.text, answer.duration_s, answer.truth)
        if key not in self._place:
            self._place[key] = len(self.rows)
            truth = [_seconds(t) for moment in answer.truth for t in (moment.start_s, moment.end_s)]
            self.rows.append([answer.qid, answer.video_id, answer.text, answer.duration_s, truth])
        return self._place[key]


def query_chunk(answers: Sequence[Prediction], traces: Sequence[Trace], shared: SharedQueries) -> dict[str, Any]:
    """Compact form of the queries of one run.

    Args:
        answers: All predictions of the run.
        traces: The traces of the run.
        shared: Collects sentences and ground truths.

    Returns:
        Columns with one value a query: ``query`` (row of ``shared``), ``iou`` of the first moment, ``moments`` as
        ``[start_s, end_s, score, …]``, ``clips`` from ``clip_runs``; and ``traces`` by position in the columns.
    """
    traced = {trace.qid: trace for trace in traces}
    kept = _kept(answers, traced)
    return {
        "of": len(answers),
        "query": [shared.place(answer) for answer in kept],
        "iou": [None if (score := top_iou(answer)) is None else round(score, 2) for answer in kept],
        "moments": [
            [number for m in answer.moments for number in (_seconds(m.start_s), _seconds(m.end_s), short(m.score))]
            for answer in kept
        ],
        "clips": [clip_runs(answer.selected_clips) for answer in kept],
        "traces": {place: _trace(traced[answer.qid]) for place, answer in enumerate(kept) if answer.qid in traced},
    }


def clip_runs(clips: Iterable[int]) -> list[int]:
    """Run-length encode clip numbers: how many clips to skip, how many to take, and so on.

    Example:
        >>> clip_runs([3, 4, 5, 9])
        [3, 3, 3, 1]
    """
    runs: list[int] = []
    after = 0  # the clip after the last run
    for clip in sorted(set(clips)):
        if runs and clip == after:
            runs[-1] += 1
        else:
            runs += [clip - after, 1]
        after = clip + 1
    return runs


def _kept(answers: Sequence[Prediction], traced: dict[str, Trace]) -> list[Prediction]:
    if len(answers) <= MAX_QUERIES:
        return list(answers)
    first = [place for place, answer in enumerate(answers) if answer.qid in traced][:MAX_QUERIES]
    spread = np.linspace(0, len(answers) - 1, MAX_QUERIES - len(first)).round().astype(int).tolist()
    return [answers[place] for place in sorted({*first, *spread})]


def _trace(trace: Trace) -> dict[str, Any]:
    found: dict[str, Any] = {
        "duration_s": trace.duration_s,
        "clip_s": trace.clip_s,
        "steps": [clip_runs(step) for step in trace.steps],
    }
    if trace.scores and trace.scores[0]:
        found["score"] = _curve(np.asarray(trace.scores[0], dtype=np.float64))
    return found


def _curve(scores: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    """The score before the first step, 0 to 255 in base64: the maximum of every ``stride`` clips."""
    finite = scores[np.isfinite(scores)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    # Clips that cannot be selected may score minus infinity: they are drawn at the bottom.
    level = np.where(np.isfinite(scores), scores - low, 0.0) / ((high - low) or 1.0)
    stride = -(-len(level) // _MAX_POINTS)
    peaks = np.maximum.reduceat(level, np.arange(0, len(level), stride))
    levels = np.round(255 * np.clip(peaks, 0.0, 1.0)).astype(np.uint8)
    return {"stride": stride, "levels": base64.b64encode(levels.tobytes()).decode()}


def _seconds(time_s: float) -> float:
    return round(time_s, 2)
