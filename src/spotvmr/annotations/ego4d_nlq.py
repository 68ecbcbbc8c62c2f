"""Ego4D Natural Language Queries (Grauman et al., CVPR 2022), v1 and v2: the official JSON."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spotvmr.annotations.fields import Fields, fields_of, identifier, listed, number, sentence, span
from spotvmr.annotations.policies import AnnotationReport, AnnotationRow, clean
from spotvmr.annotations.sources import read_json
from spotvmr.errors import UserError
from spotvmr.types import Query


def read_ego4d_nlq(path: Path) -> tuple[list[Query], AnnotationReport]:
    """Read ``nlq_train.json``, ``nlq_val.json`` or ``nlq_test_unannotated.json``.

    Keys, outside in: ``videos`` [``clips`` [``clip_uid``, ``video_start_sec``, ``video_end_sec``, ``annotations``
    [``annotation_uid``, ``language_queries`` [``query``, ``clip_start_sec``, ``clip_end_sec``]]]]. The
    video of a query is the canonical clip of about 8 minutes. Its id is ``clip_uid``. It lasts from
    ``video_start_sec`` to ``video_end_sec`` of the recording. Times of queries count from the start of the clip. They
    are absent when the ground truth is withheld. Query ids are ``<annotation_uid>_<index in language_queries>``.

    Args:
        path: The file, UTF-8.

    Returns:
        The queries in the order of the file, and the report on dirty rows (``annotations.policies``).

    Raises:
        UserError: The file is absent or not this format (names the clip), or no row is usable.
    """
    return clean(_rows(path), path)


def _rows(path: Path) -> Iterator[AnnotationRow]:
    """Rows, clip by clip."""
    for n_video, video in enumerate(listed(fields_of(read_json(path), str(path)), "videos", str(path))):
        where = f"{path}, video {n_video}"
        for n_clip, clip in enumerate(listed(fields_of(video, where), "clips", where)):
            yield from _clip_rows(fields_of(clip, f"{where}, clip {n_clip}"), path, f"{where}, clip {n_clip}")


def _clip_rows(clip: Fields, path: Path, where: str) -> Iterator[AnnotationRow]:
    """Rows of one canonical clip."""
    clip_uid = identifier(clip, "clip_uid", where)
    where = f"{path}, clip {clip_uid}"
    start_s, end_s = (number(clip, f"video_{border}_sec", "in seconds", where) for border in ("start", "end"))
    if start_s >= end_s:
        raise UserError(f'{where} ends at "video_end_sec" {end_s}, not after its "video_start_sec" {start_s}')
    for annotation in listed(clip, "annotations", where):
        content = fields_of(annotation, where)
        uid = identifier(content, "annotation_uid", where)
        for index, query in enumerate(listed(content, "language_queries", f"{where}, annotation {uid}")):
            place = f"{where}, query {uid}_{index}"
            fields = fields_of(query, place)
            yield AnnotationRow(
                qid=f"{uid}_{index}",
                text=sentence(fields.get("query"), "query", place),
                video_id=clip_uid,
                # Rounded to 1 µs: the difference of two times in a recording of hours is no more precise.
                duration_s=round(end_s - start_s, 6),
                windows_s=_windows(fields, place),
                where=place,
            )


def _windows(query: Fields, where: str) -> tuple[tuple[float, float], ...]:
    """The moment of a query; empty when the ground truth is withheld."""
    times: list[Any] = [query.get("clip_start_sec"), query.get("clip_end_sec")]
    return () if times == [None, None] else (span(times, "clip_start_sec, clip_end_sec", "in seconds", where),)
