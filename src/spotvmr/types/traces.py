"""``traces.jsonl``: the steps of the selector, for a sample of the queries of a run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from spotvmr.errors import UserError
from spotvmr.system.files import write_text_atomic


@dataclass(frozen=True, slots=True)
class Trace:
    """The selection of one query, step by step.

    Attributes:
        qid: The query's id.
        duration_s: Length of its video.
        clip_s: Length of a clip.
        steps: Clips selected in each step.
        scores: The selector's score of every clip before each step, rounded; empty for selectors without scores.
    """

    qid: str
    duration_s: float
    clip_s: float
    steps: tuple[tuple[int, ...], ...]
    scores: tuple[tuple[float, ...], ...] = ()


def write_traces(traces: Iterable[Trace], path: Path) -> None:
    """Write one row a trace, atomically.

    Raises:
        UserError: The file cannot be written.
    """
    write_text_atomic(path, "".join(json.dumps(asdict(trace)) + "\n" for trace in traces))


def read_traces(path: Path) -> list[Trace]:
    """Read all rows.

    Raises:
        UserError: The file is absent or a row is invalid.
    """
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [_trace(**row) for row in rows]
    except OSError as error:
        raise UserError(f"cannot read traces {path}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise UserError(f"{path} holds a row that is no trace ({error}); evaluate the run again") from error


def _trace(qid: str, duration_s: float, clip_s: float, steps: list[list[int]], scores: list[list[float]]) -> Trace:
    return Trace(qid, duration_s, clip_s, tuple(map(tuple, steps)), tuple(map(tuple, scores)))
