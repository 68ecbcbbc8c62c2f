"""Policies for dirty rows of annotation files, the same for every format. Each applied policy is counted.

| case | policy | counted as |
|---|---|---|
| a moment ends past the end of the video, or starts before 0 | clipped | ``clipped`` |
| a moment of no length | kept; no prediction can hit it | ``zero-length`` |
| no moment given | kept; the query is predicted but not scored | ``without truth`` |
| a moment starts after its own end | moment dropped | ``reversed`` |
| a moment lies completely past the end of the video | moment dropped | ``outside`` |
| some moments of a row were dropped, not all | row kept without them | ``moments dropped`` |
| every moment of a row was dropped | row dropped | the reason of the first |
| NaN or infinity as a time or duration | row dropped | ``NaN`` |
| the query is missing, empty or blank | row dropped | ``empty query`` |
| the list of video lengths lacks the video | row dropped | ``unknown video`` |
| the query id was seen before | row dropped, the first row is kept | ``duplicate qid`` |
| the video is held out for validation (``dataset.val_share``) | moved to the split val | ``held out`` |
| a video file is more than a clip shorter than annotated, a moment ends past its end | clipped | ``clipped to video`` |
| the same, and a moment lies completely past its end | moment dropped | ``moments dropped`` |
| the same, and every moment of a row was dropped | row dropped | ``past the video`` |
| the video id is no plain file name (``types.names``) | the file is refused | - |
| anything else (no duration, no video, wrong types, not UTF-8, not the format) | the file is refused | - |

A dropped row is counted once, under its reason. A changed row is counted once under each reason. Annotated videos that
the video folder lacks are an error of ``annotations.videos``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from spotvmr.errors import UserError
from spotvmr.types import Moment, Query
from spotvmr.types.names import check_video_id

KEPT = ("clipped", "zero-length", "without truth", "moments dropped", "held out", "clipped to video")
"""Policies that keep the row."""
DROPPED = ("empty query", "unknown video", "reversed", "outside", "NaN", "duplicate qid", "past the video")
"""Policies that drop the row."""


@dataclass(frozen=True)
class AnnotationRow:
    """One row of a file, with checked types and unchecked values.

    Attributes:
        qid: Query id.
        text: The sentence; may be blank.
        video_id: Name of the video.
        duration_s: Length of the video in seconds; None when the data set lacks it.
        where: File and line, for messages.
        windows_s: Start and end in seconds of each ground-truth moment.
        tags: Groups that are also scored separately.
    """

    qid: str
    text: str
    video_id: str
    duration_s: float | None
    where: str
    windows_s: tuple[tuple[float, float], ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnnotationReport:
    """Result of reading a file.

    Attributes:
        n_rows: Rows in the file.
        n_queries: Queries made from them.
        counts: Number of rows by policy, in the order of ``KEPT`` and ``DROPPED``; policies without rows are omitted.
    """

    n_rows: int
    n_queries: int
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def n_scored(self) -> int:
        """Queries with a ground-truth moment."""
        return self.n_queries - self.counts.get("without truth", 0)

    def summary(self) -> str:
        """One line of text.

        Example:
            >>> AnnotationReport(642, 640, {"clipped": 3, "empty query": 2}).summary()
            'queries 640, scored 640, clipped 3, dropped 2 (empty query 2)'
        """
        kept = [f"{name} {self.counts[name]}" for name in KEPT if name in self.counts]
        dropped = [f"{name} {self.counts[name]}" for name in DROPPED if name in self.counts]
        tail = [f"dropped {self.n_rows - self.n_queries} ({', '.join(dropped)})"] if dropped else []
        return ", ".join([f"queries {self.n_queries}", f"scored {self.n_scored}", *kept, *tail])

    def to_json(self) -> dict[str, int]:
        """All numbers, for the run record."""
        return {"rows": self.n_rows, "queries": self.n_queries, "scored": self.n_scored, **self.counts}


def clean(rows: Iterable[AnnotationRow], path: Path) -> tuple[list[Query], AnnotationReport]:
    """Turn rows into queries by the policies above.

    Args:
        rows: All rows of a file, in order.
        path: The file, for messages.

    Returns:
        The queries in the order of their rows, and the report.

    Raises:
        UserError: No row became a query, a video id is no plain name, or a query has a lone surrogate such as
            ``U+D800``, which UTF-8 cannot encode. The message names file and line.
    """
    counts: Counter[str] = Counter()
    queries: dict[str, Query] = {}
    n_rows = 0
    for row in rows:
        n_rows += 1
        _check_names(row)
        query, notes = _judge(row)
        if query is not None and query.qid in queries:
            query, notes = None, {"duplicate qid"}
        counts.update(notes)
        if query is not None:
            queries[query.qid] = query
    report = AnnotationReport(n_rows, len(queries), {n: counts[n] for n in (*KEPT, *DROPPED) if counts[n]})
    if not queries:
        raise UserError(f"{path} holds no usable query ({n_rows} rows; {report.summary()}); check the file")
    return list(queries.values()), report


def _check_names(row: AnnotationRow) -> None:
    """Refuse video ids that are no plain file names, and invalid Unicode: annotation files are not trusted."""
    try:
        f"{row.qid}{row.text}".encode()
    except UnicodeEncodeError:
        raise UserError(
            f"{row.where} is not valid Unicode (lone surrogate); correct the encoding of the query"
        ) from None
    try:
        check_video_id(row.video_id)
    except UserError as error:
        raise UserError(f"{row.where} needs a plain name as video: {error}") from None


def _judge(row: AnnotationRow) -> tuple[Query | None, set[str]]:
    """The query of a row, or None, and the policies applied."""
    if not row.text.strip():
        return None, {"empty query"}
    if row.duration_s is None:
        return None, {"unknown video"}
    times = [row.duration_s, *(time for window in row.windows_s for time in window)]
    if not all(map(math.isfinite, times)):
        return None, {"NaN"}
    sound = [window for window in row.windows_s if not _fault(window, row.duration_s)]
    if row.windows_s and not sound:
        return None, {_fault(row.windows_s[0], row.duration_s)}
    moments = tuple(Moment(max(start_s, 0.0), min(end_s, row.duration_s)) for start_s, end_s in sound)
    query = Query(row.qid, row.text.strip(), row.video_id, row.duration_s, moments, row.tags)
    notes = _notes(row.duration_s, sound, moments)
    return query, notes | ({"moments dropped"} if len(sound) < len(row.windows_s) else set())


def _fault(window: tuple[float, float], duration_s: float) -> str:
    """The policy that drops a moment, or an empty string."""
    start_s, end_s = window
    if start_s > end_s:
        return "reversed"
    # A zero-length moment at the very end is kept; one that only clipping would create is dropped.
    return "outside" if end_s < 0 or start_s > duration_s or start_s == duration_s < end_s else ""


def _notes(duration_s: float, sound: list[tuple[float, float]], moments: tuple[Moment, ...]) -> set[str]:
    """Policies applied to the moments of a kept row."""
    found = {
        "clipped": any(start_s < 0 or end_s > duration_s for start_s, end_s in sound),
        "zero-length": any(not moment.length_s for moment in moments),
        "without truth": not moments,
    }
    return {name for name, applies in found.items() if applies}
