"""TACoS (Regneri et al., TACL 2013) in the format of 2D-TAN (Zhang et al., AAAI 2020)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from spotvmr.annotations.captions import caption_rows
from spotvmr.annotations.fields import above_zero, fields_of
from spotvmr.annotations.policies import AnnotationReport, AnnotationRow, clean
from spotvmr.annotations.sources import read_json
from spotvmr.types import Query


def read_tacos(path: Path) -> tuple[list[Query], AnnotationReport]:
    """Read ``{video: {"fps": …, "num_frames": …, "timestamps": [[frame, frame], …], "sentences": [str, …]}, …}``.

    Times are frame numbers: divided by ``fps`` they are seconds. The length of the video is ``num_frames / fps``.
    The video ``s17-d69.avi`` of the file gets the id ``s17-d69``. Query ids are
    ``<video>_<number of the sentence, from 0>``.

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
    for name, value in fields_of(read_json(path), str(path)).items():
        where = f"{path}, {name}"
        content = fields_of(value, where)
        fps = above_zero(content, "fps", "in frames a second", where)
        frames = above_zero(content, "num_frames", "as a number", where)
        # An infinite rate gives length 0: treat it as NaN.
        duration_s = frames / fps or math.nan
        yield from caption_rows(name.removesuffix(".avi"), content, duration_s, fps, where)
