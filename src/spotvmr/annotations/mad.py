"""MAD (Soldan et al., CVPR 2022): sentences of audio descriptions in whole movies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spotvmr.annotations.fields import above_zero, fields_of, identifier, sentence, span
from spotvmr.annotations.policies import AnnotationReport, AnnotationRow, clean
from spotvmr.annotations.sources import read_json
from spotvmr.types import Query


def read_mad(path: Path) -> tuple[list[Query], AnnotationReport]:
    """Read ``{qid: {"movie": str, "movie_duration": seconds, "timestamps": [start_s, end_s], "sentence": str}, …}``.

    Other keys, such as ``ext_timestamps`` and ``tokens``, are ignored.

    Args:
        path: The file, UTF-8.

    Returns:
        The queries in the order of the file, and the report on dirty rows (``annotations.policies``).

    Raises:
        UserError: The file is absent or not this format (names the query), or no row is usable.
    """
    return clean(_rows(path), path)


def _rows(path: Path) -> Iterator[AnnotationRow]:
    """Rows, query by query."""
    for qid, value in fields_of(read_json(path), str(path)).items():
        where = f"{path}, {qid}"
        content = fields_of(value, where)
        yield AnnotationRow(
            qid=qid,
            text=sentence(content.get("sentence"), "sentence", where),
            video_id=identifier(content, "movie", where),
            duration_s=above_zero(content, "movie_duration", "in seconds", where),
            windows_s=(span(content.get("timestamps"), "timestamps", "in seconds", where),),
            where=where,
        )
