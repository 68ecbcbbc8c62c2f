"""Submission files: the JSON of the Ego4D NLQ challenge, or the JSON lines of QVHighlights."""

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
"""The head of an Ego4D NLQ submission; the official scorer refuses any other."""
NEEDS_WINDOWS = ("ego4d-nlq", "qvhighlights")
"""Formats whose official scorers fail at a query without windows."""
_LINES = 'predictions are JSON lines with "qid" and "pred_relevant_windows"'


@dataclass(frozen=True, slots=True)
class SubmittedPrediction:
    """The prediction for one query.

    Attributes:
        spans: Start and end in seconds, and the score if the file has it, of each moment, in the order of the file.
        saliency: Score of each two-second clip of the video; None when the file has none.
    """

    spans: list[list[float]]
    saliency: list[float] | None = None


def read_submission(path: Path, kind: str) -> dict[str, SubmittedPrediction]:
    """Read a submission.

    Args:
        path: The file, UTF-8.
        kind: "ego4d-nlq" for the JSON of the challenge. Other formats are JSON lines ``{"qid",
            "pred_relevant_windows": [[start_s, end_s, score], …], "pred_saliency_scores": [score of each clip, …]}``.
            Only "qvhighlights" needs the score of a moment; the last key is optional; other keys are ignored.

    Returns:
        Predictions by key of the query: ``<clip_uid>/<annotation_uid>_<query_idx>`` for Ego4D, else the query id.

    Raises:
        UserError: The file is not this format, a query appears twice, or a moment has NaN or ends before it starts.
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
    """Whether the start of a file has the keys of predictions."""
    with path.open("rb") as file:
        head = file.read(100_000)
    return b'"pred_relevant_windows"' in head or b'"predicted_times"' in head


_Rows = Iterator[tuple[str, list[Any], Fields, str]]
"""Key, unchecked moments, the whole row, and its place for messages."""


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
    """Read a file that is one object; the error message names the likely format."""
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
    """Place and content of each line; the error message names the likely format."""
    for where, text in read_lines(path):
        try:
            yield where, parse_json(text, where, _LINES)
        except UserError as error:
            raise UserError(f"{error}; {_advice(path)}") from None


def _advice(path: Path) -> str:
    """The likely format of the file, and advice."""
    kind = sniff(path)
    if kind is not None:
        return f"it looks like annotations of {kind}: are ground_truth= and predictions= swapped?"
    return "check predictions= and format="


def _span(value: object, width: int, where: str) -> list[float]:
    """Check one moment: finite numbers, start not after end."""
    if not isinstance(value, list) or len(value) not in (width, 3):
        wanted = "[start_s, end_s, score]" if width == 3 else "[start_s, end_s] or with a score"
        raise UserError(f"{where} has {repr(value)[:60]} as a moment, needs {wanted}")
    numbers = _finite(value, where)
    if numbers[0] > numbers[1]:
        raise UserError(f"{where} has a moment that ends before it starts, {value}; swap its times")
    return numbers


def _saliency(content: Fields, where: str) -> list[float] | None:
    """The scores of clips, if the file has them."""
    if content.get("pred_saliency_scores") is None:
        return None
    scores = _finite(listed(content, "pred_saliency_scores", where), where)
    if not scores:
        raise UserError(f'{where} has an empty "pred_saliency_scores"; give one score a clip or leave it out')
    return scores


def _finite(values: Iterable[Any], where: str) -> list[float]:
    """Check that all numbers are finite."""
    found = []
    for value in values:
        # Whole numbers of JSON may exceed the range of floats.
        sound = isinstance(value, (int, float)) and abs(value) <= sys.float_info.max
        if isinstance(value, bool) or not sound:
            raise UserError(f"{where} has {repr(value)[:60]} where a finite number is needed; correct that prediction")
        found.append(float(value))
    return found
