"""TACoS (Regneri et al., TACL 2013) in the form that 2D-TAN (Zhang et al., AAAI 2020) gave it."""

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

    Times are frames: divided by ``fps`` they are seconds, and ``num_frames / fps`` is the length of the video.
    Videos are called ``s17-d69.avi`` there and ``s17-d69`` here; query ids are
    ``<video>_<number of the sentence, from 0>``.

    Args:
        path: The file, UTF-8.

    Returns:
        The queries in the order of the file, and what became of dirty rows (``annotations.policies``).

    Raises:
        UserError: The file is absent or not this format (names the video), or no row is usable.
    """
    return clean(_rows(path), path)


def _rows(path: Path) -> Iterator[AnnotationRow]:
    """Video by video."""
    for name, value in fields_of(read_json(path), str(path)).items():
        where = f"{path}, {name}"
        content = fields_of(value, where)
        fps = above_zero(content, "fps", "in frames a second", where)
        frames = above_zero(content, "num_frames", "as a number", where)
        # Beside an infinite rate no length is left, which is as good as NaN.
        duration_s = frames / fps or math.nan
        yield from caption_rows(name.removesuffix(".avi"), content, duration_s, fps, where)
