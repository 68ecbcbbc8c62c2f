"""Reads the files beside a record: predictions, traces and thumbnails. Absent and broken files are skipped."""

from __future__ import annotations

import base64
import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spotvmr.errors import UserError
from spotvmr.report.page.queries import SharedQueries, query_chunk
from spotvmr.report.page.scores import by_length, by_place, fractions
from spotvmr.types.predictions import Prediction, read_predictions
from spotvmr.types.record import RunRecord
from spotvmr.types.thumbnails import MAX_BYTES, MAX_RUN_BYTES, thumbnail_folder
from spotvmr.types.traces import Trace, read_traces

_log = logging.getLogger(__name__)
_JPEG = b"\xff\xd8\xff"


def details(folder: Path, record: RunRecord, shared: SharedQueries) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Read the files beside a ``record.json``.

    Args:
        folder: The run's folder.
        record: The record in it.
        shared: Collects sentences and ground truths.

    Returns:
        Charts over all queries, for the data of the page; and the single queries, for a chunk that the page reads when
        the run is chosen. None without predictions; broken files are skipped with a warning.
    """
    if not (folder / "predictions.jsonl").is_file():
        return None
    try:
        answers = read_predictions(folder / "predictions.jsonl")
        traces = read_traces(folder / "traces.jsonl") if (folder / "traces.jsonl").is_file() else []
    except (UserError, ValueError) as error:
        _log.warning("left the queries of a run out of the page: %s", error)
        return None
    return _read(folder, record, _with_durations(answers, traces), traces, shared)


def _read(
    folder: Path, record: RunRecord, answers: list[Prediction], traces: list[Trace], shared: SharedQueries
) -> tuple[dict[str, Any], dict[str, Any]]:
    clip_s = (record.config.get("dataset") or {}).get("clip_s") or (traces[0].clip_s if traces else None)
    charts = {
        "length": by_length(answers, record.iou_rule),
        "place": by_place(answers, record.iou_rule),
        "fractions": fractions(answers, clip_s),
    }
    chunk = query_chunk(answers, traces, shared) | {"clip_s": clip_s}
    return charts, chunk | {"thumbnails": _thumbnails(folder, answers, traces)}


def _with_durations(answers: Sequence[Prediction], traces: Sequence[Trace]) -> list[Prediction]:
    """Add the length of the video to older predictions, which lack it, from traces of the same video."""
    length_s = {trace.qid: trace.duration_s for trace in traces}
    of_video = {answer.video_id: length_s[answer.qid] for answer in answers if answer.qid in length_s}
    return [
        answer if _extent(answer.duration_s) else replace(answer, duration_s=of_video.get(answer.video_id))
        for answer in answers
    ]


def _extent(duration_s: float | None) -> bool:
    return duration_s is not None and math.isfinite(duration_s) and duration_s > 0


def _thumbnails(folder: Path, answers: Sequence[Prediction], traces: Sequence[Trace]) -> dict[str, dict[int, str]]:
    """``thumbnails/<video>/<clip>.jpg`` of the videos of traced queries, in base64, up to ``MAX_RUN_BYTES``."""
    found: dict[str, dict[int, str]] = {}
    traced, room = {trace.qid for trace in traces}, MAX_RUN_BYTES
    for video in dict.fromkeys(answer.video_id for answer in answers if answer.qid in traced):
        for path in _pictures(folder, video):
            picture = path.read_bytes()
            if len(picture) > MAX_BYTES or not picture.startswith(_JPEG):
                continue
            room -= len(picture)
            if room < 0:
                return found
            found.setdefault(video, {})[int(path.stem)] = base64.b64encode(picture).decode()
    return found


def _pictures(folder: Path, video: str) -> list[Path]:
    try:
        # The name of the video comes from a file and could point outside the folder.
        place = thumbnail_folder(folder, video)
    except UserError:
        return []
    return sorted(path for path in place.glob("*.jpg") if path.stem.isdecimal())
