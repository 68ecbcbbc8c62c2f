"""Predictions as benchmarks take them: the Ego4D NLQ challenge's JSON, or JSON lines as QVHighlights has them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotvmr.annotations.fields import Fields, fields_of, identifier, listed
from spotvmr.annotations.sniff import sniff
from spotvmr.annotations.sources import parse_json, read_json, read_lines
from spotvmr.errors import UserError

CHALLENGE = {"version": "1.0", "challenge": "ego4d_nlq_challenge"}
"""The head of an Ego4D NLQ submission; its scorer refuses any other."""
NEEDS_WINDOWS = ("ego4d-nlq", "qvhighlights")
"""Formats whose scorers break down at a query without windows."""
_LINES = 'predictions are JSON lines with "qid" and "pred_relevant_windows"'


@dataclass(frozen=True, slots=True)
class SubmittedPrediction:
    """The prediction for one query.

    Attributes:
        spans: Start and end in seconds and, where the file has it, score of each moment, in the file's order.
        saliency: Score of each two-second clip of the video; None where the file has none.
    """

    spans: list[list[float]]
    saliency: list[float] | None = None


def read_submission(path: Path, kind: str) -> dict[str, SubmittedPrediction]:
    """Read a submission.

    Args:
        path: The file, UTF-8.
        kind: "ego4d-nlq" for the challenge's JSON; for others lines of ``{"qid", "pred_relevant_windows": [[start_s,
            end_s, score], …], "pred_saliency_scores": [score of each clip, …]}``, of which the score matters to
            "qvhighlights" alone and the last key may be absent. Other keys are ignored.

    Returns:
        Key of a query (for Ego4D ``<clip_uid>/<annotation_uid>_<query_idx>``, else its id) → answer.

    Raises:
        UserError: The file is not this format, a query is there twice, or a moment has NaN or ends before it starts.
    """
    rows = _ego4d_rows(path) if kind == "ego4d-nlq" else _line_rows(path)
    predictions: dict[str, SubmittedPrediction] = {}
    for key, spans, content, where in rows:
        if key in predictions:
            raise UserError(f"{where} has query {key} a second time; a submission has each query once")
        if not spans and kind in NEEDS_WINDOWS:
            raise UserError(f"{where} has no window for query {key}; {kind} needs at least one a query")
        width = 3 if kind == "qvhighlights" else 2
        predictions[key] = SubmittedPrediction(
            [_span(value, width, where) for value in spans], _saliency(content, where)
        )
    if not predictions:
        raise UserError(f"{path} holds no prediction; {_LINES if kind != 'ego4d-nlq' else 'its results are empty'}")
    return predictions


def looks_like_predictions(path: Path) -> bool:
    """Whether the beginning of a file has the keys of predictions."""
    with path.open("rb") as file:
        head = file.read(100_000)
    return b'"pred_relevant_windows"' in head or b'"predicted_times"' in head


_Rows = Iterator[tuple[str, list[Any], Fields, str]]
"""Key, moments as the file has them, the whole row, and its place for messages."""


def _ego4d_rows(path: Path) -> _Rows:
    """The results of a challenge file."""
    content = _whole(path)
    for name, wanted in CHALLENGE.items():
        if content.get(name) != wanted:
            raise UserError(f'{path} is no Ego4D NLQ submission: "{name}" must be "{wanted}"; {_advice(path)}')
    for number, value in enumerate(listed(content, "results", str(path))):
        where = f"{path}, result {number}"
        row = fields_of(value, where)
        uids = [identifier(row, name, where) for name in ("clip_uid", "annotation_uid", "query_idx")]
        yield "{}/{}_{}".format(*uids), listed(row, "predicted_times", where), row, where


def _whole(path: Path) -> Fields:
    """The object of a file; a message about a file of lines says what it looks like."""
    try:
        return fields_of(read_json(path), str(path))
    except UserError as error:
        raise UserError(f"{error}; {_advice(path)}") from None


def _line_rows(path: Path) -> _Rows:
    """The lines of a file of JSON lines."""
    for where, line in _lines(path):
        row = line if isinstance(line, dict) else {}
        if "pred_relevant_windows" not in row:
            raise UserError(f'{where} has no "pred_relevant_windows": {_LINES}; {_advice(path)}')
        yield identifier(row, "qid", where), listed(row, "pred_relevant_windows", where), row, where


def _lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Each line's place and content; a file that is no JSON lines fails as one without predictions."""
    for where, text in read_lines(path):
        try:
            yield where, parse_json(text, where, _LINES)
        except UserError as error:
            raise UserError(f"{error}; {_advice(path)}") from None


def _advice(path: Path) -> str:
    """What the file seems to be, and what to do."""
    kind = sniff(path)
    if kind is not None:
        return f"it looks like annotations of {kind}: are ground_truth= and predictions= swapped?"
    return "check predictions= and format="


def _span(value: object, width: int, where: str) -> list[float]:
    """One moment: finite numbers, not backwards."""
    if not isinstance(value, list) or len(value) not in (width, 3):
        wanted = "[start_s, end_s, score]" if width == 3 else "[start_s, end_s] or with a score"
        raise UserError(f"{where} has {repr(value)[:60]} as a moment, needs {wanted}")
    numbers = _finite(value, where)
    if numbers[0] > numbers[1]:
        raise UserError(f"{where} has a moment that ends before it starts, {value}; swap its times")
    return numbers


def _saliency(content: Fields, where: str) -> list[float] | None:
    """The scores of clips, where given."""
    if content.get("pred_saliency_scores") is None:
        return None
    scores = _finite(listed(content, "pred_saliency_scores", where), where)
    if not scores:
        raise UserError(f'{where} has an empty "pred_saliency_scores"; give one score a clip or leave it out')
    return scores


def _finite(values: Iterable[Any], where: str) -> list[float]:
    """Numbers that are neither NaN nor infinite."""
    found = []
    for value in values:
        # Whole numbers of JSON may lie beyond every float.
        sound = isinstance(value, (int, float)) and abs(value) <= sys.float_info.max
        if isinstance(value, bool) or not sound:
            raise UserError(f"{where} has {repr(value)[:60]} where a finite number is needed; correct that prediction")
        found.append(float(value))
    return found
