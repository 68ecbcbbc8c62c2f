"""The time line picture of a run, drawn from the files in its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from spotvmr.report.pictures.timeline import TimelineRow, timeline_picture
from spotvmr.types.predictions import Prediction, read_predictions
from spotvmr.types.traces import Trace, read_traces

_QUERIES = 4


def run_picture(folder: Path, queries: int = _QUERIES) -> Path:
    """Draw a uniform sample of the traced queries of a run into ``timeline.png``.

    Args:
        folder: A run folder with ``predictions.jsonl`` and ``traces.jsonl``.
        queries: Maximum number of queries.

    Returns:
        Path of the picture.

    Raises:
        UserError: A file is absent or broken, or the picture cannot be written.
    """
    path = folder / "timeline.png"
    timeline_picture([row for _, row in picked_rows(folder, queries)], path)
    return path


def picked_rows(folder: Path, queries: int) -> list[tuple[Prediction, TimelineRow]]:
    """Predictions and time lines of a uniform sample of the traced queries, at most ``queries`` of them.

    Raises:
        UserError: A file is absent or broken.
    """
    answers = {prediction.qid: prediction for prediction in read_predictions(folder / "predictions.jsonl")}
    traces = [trace for trace in read_traces(folder / "traces.jsonl") if trace.qid in answers]
    picks = np.unique(np.linspace(0, len(traces) - 1, min(queries, len(traces))).round().astype(int))
    return [(answers[traces[pick].qid], _row(answers[traces[pick].qid], traces[pick])) for pick in picks]


def _row(answer: Prediction, trace: Trace) -> TimelineRow:
    """One query of the picture; its curve is the score before the first step."""
    return TimelineRow(
        answer.text,
        trace.duration_s,
        trace.clip_s,
        [(moment.start_s, moment.end_s) for moment in answer.truth],
        [(moment.start_s, moment.end_s) for moment in answer.moments],
        trace.steps,
        np.asarray(trace.scores[0]) if trace.scores else None,
    )
