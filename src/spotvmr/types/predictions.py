"""``predictions.jsonl``: the predictions of a run, one query a line, with the field names of QVHighlights."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spotvmr.errors import UserError
from spotvmr.system.files import write_text_atomic
from spotvmr.types.moment import Moment


@dataclass(frozen=True, slots=True)
class Prediction:
    """The prediction for one query.

    Attributes:
        qid: The query's id.
        video_id: The video of the query.
        text: The sentence.
        moments: Predicted moments, best first.
        selected_clips: Clips that got expert features, in ascending order.
        truth: The ground-truth moments; empty when withheld.
        duration_s: Length of the video; None in older files.
    """

    qid: str
    video_id: str
    text: str
    moments: tuple[Moment, ...]
    selected_clips: tuple[int, ...] = ()
    truth: tuple[Moment, ...] = ()
    duration_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the row of ``predictions.jsonl``.

        Raises:
            ValueError: A time or a score is NaN or infinite.
        """
        row: dict[str, Any] = {
            "qid": self.qid,
            "vid": self.video_id,
            "query": self.text,
            "pred_relevant_windows": [_finite(m.start_s, m.end_s, m.score, qid=self.qid) for m in self.moments],
            "selected_clips": [int(clip) for clip in self.selected_clips],
        }
        if self.truth:
            row["relevant_windows"] = [_finite(m.start_s, m.end_s, qid=self.qid) for m in self.truth]
        if self.duration_s is not None:
            row["duration"] = self.duration_s
        return row

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Prediction:
        """Build a prediction from a row; an invalid row raises KeyError, TypeError or ValueError."""
        return cls(
            qid=str(row["qid"]),
            video_id=str(row["vid"]),
            text=str(row["query"]),
            moments=tuple(Moment(float(s), float(e), float(p)) for s, e, p in row["pred_relevant_windows"]),
            selected_clips=tuple(int(clip) for clip in row.get("selected_clips", ())),
            truth=tuple(Moment(float(s), float(e)) for s, e in row.get("relevant_windows", ())),
            duration_s=float(row["duration"]) if "duration" in row else None,
        )


def write_predictions(predictions: Iterable[Prediction], path: Path) -> None:
    """Write one row a prediction, atomically.

    Raises:
        ValueError: A time or a score is NaN or infinite; nothing is written.
        UserError: The file cannot be written.
    """
    rows = [json.dumps(p.to_json(), ensure_ascii=False, allow_nan=False) + "\n" for p in predictions]
    write_text_atomic(path, "".join(rows))


def read_predictions(path: Path) -> list[Prediction]:
    """Read all rows; blank lines are skipped.

    Raises:
        UserError: The file is absent, or a row is invalid; the message names its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot read predictions {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"cannot read predictions {path}: byte {error.start} is no UTF-8; write them again") from error
    # Not splitlines(): a sentence may contain U+2028, which is legal inside a JSON string.
    lines = text.split("\n")
    return [_parse(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1) if line.strip()]


def _parse(line: str, where: str) -> Prediction:
    try:
        return Prediction.from_json(json.loads(line))
    except KeyError as error:
        raise UserError(f"{where}: prediction without {error}") from error
    except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError(f"{where}: not a prediction: {error}") from error


def _finite(*numbers: float, qid: str) -> list[float]:
    if not all(math.isfinite(number) for number in numbers):
        raise ValueError(f"query {qid}: {numbers} holds NaN or infinity and is no moment")
    return [float(number) for number in numbers]
