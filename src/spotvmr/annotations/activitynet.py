"""ActivityNet Captions (Krishna et al., ICCV 2017): ``train.json``, ``val_1.json``, ``val_2.json``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spotvmr.annotations.captions import caption_rows
from spotvmr.annotations.fields import above_zero, fields_of
from spotvmr.annotations.policies import AnnotationReport, AnnotationRow, clean
from spotvmr.annotations.sources import read_json
from spotvmr.types import Query


def read_activitynet(path: Path) -> tuple[list[Query], AnnotationReport]:
    """Read ``{video: {"duration": seconds, "timestamps": [[start_s, end_s], …], "sentences": [str, …]}, …}``.

    Query ids are ``<video>_<number of the sentence, from 0>``.

    Args:
        path: The file, UTF-8.

    Returns:
        The queries in the order of the file, and the report on dirty rows (``annotations.policies``).

    Raises:
        UserError: The file is absent or not this format (names the video), or no row is usable.
    """
    return clean(_rows(path), path)


def _rows(path: Path) -> Iterator[AnnotationRow]:
    """Rows, video by video."""
    for video_id, value in fields_of(read_json(path), str(path)).items():
        where = f"{path}, {video_id}"
        content = fields_of(value, where)
        yield from caption_rows(video_id, content, above_zero(content, "duration", "in seconds", where), 1.0, where)
