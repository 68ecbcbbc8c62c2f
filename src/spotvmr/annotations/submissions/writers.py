"""Writes the predictions of a run as official submission files."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spotvmr.annotations.submissions.predictions import CHALLENGE
from spotvmr.errors import UserError
from spotvmr.system.files import write_text_atomic
from spotvmr.types.predictions import Prediction


def write_submission(predictions: Sequence[Prediction], kind: str, path: Path) -> None:
    """Write the submission file of a data set's format.

    Args:
        predictions: One prediction a query, with its moments, best first.
        kind: A format of ``WRITERS``.
        path: File to create or replace.

    Raises:
        UserError: The format has no submission file, or a query id does not fit the format.
    """
    check_writable(kind)
    write_text_atomic(path, WRITERS[kind](predictions))


def check_writable(kind: str) -> None:
    """Check that a format has an official submission file.

    Raises:
        UserError: The format has none.
    """
    if kind not in WRITERS:
        raise UserError(
            f"{kind} has no official submission file (only {', '.join(WRITERS)} have); score the run's "
            f"predictions.jsonl with format={kind} instead"
        )


def _ego4d(predictions: Sequence[Prediction]) -> str:
    """The JSON of the Ego4D NLQ challenge."""
    results = [_ego4d_result(prediction) for prediction in predictions]
    return json.dumps({**CHALLENGE, "results": results}, allow_nan=False) + "\n"


def _ego4d_result(prediction: Prediction) -> dict[str, Any]:
    """One query of an Ego4D submission; its id is ``<annotation_uid>_<index>``, its video the clip."""
    annotation_uid, _, index = prediction.qid.rpartition("_")
    if not annotation_uid or not index.isdecimal():
        raise UserError(
            f"query {prediction.qid} of this run is no Ego4D query, ANNOTATION_INDEX; evaluate an Ego4D run"
        )
    return {
        "clip_uid": prediction.video_id,
        "annotation_uid": annotation_uid,
        "query_idx": int(index),
        "predicted_times": [[moment.start_s, moment.end_s] for moment in prediction.moments],
    }


def _qvhighlights(predictions: Sequence[Prediction]) -> str:
    """The JSON lines of QVHighlights."""
    return "".join(json.dumps(_qvhighlights_row(prediction), allow_nan=False) + "\n" for prediction in predictions)


def _qvhighlights_row(prediction: Prediction) -> dict[str, Any]:
    """One query of a QVHighlights submission; the official scorer compares ids as whole numbers."""
    if not prediction.qid.isdecimal():
        raise UserError(f"query {prediction.qid} of this run is no QVHighlights query, whose ids are whole numbers")
    return {
        "qid": int(prediction.qid),
        "query": prediction.text,
        "vid": prediction.video_id,
        "pred_relevant_windows": [[moment.start_s, moment.end_s, moment.score] for moment in prediction.moments],
    }


WRITERS: Mapping[str, Callable[[Sequence[Prediction]], str]] = {"ego4d-nlq": _ego4d, "qvhighlights": _qvhighlights}
"""Functions from predictions to the content of a submission file, by format."""
