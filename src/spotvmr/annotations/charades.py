"""Charades-STA (Gao et al., ICCV 2017): one line a sentence; video lengths come from the tables of Charades."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from spotvmr.annotations.policies import AnnotationReport, AnnotationRow, clean
from spotvmr.annotations.sources import read_lines, read_text
from spotvmr.errors import UserError
from spotvmr.types import Query

LENGTHS = "Charades_v1_*.csv"
"""Tables with video lengths, in the folder of the sentences."""


def read_charades(path: Path) -> tuple[list[Query], AnnotationReport]:
    """Read lines ``VIDEO start_s end_s##sentence``, and ``id`` and ``length`` from every ``LENGTHS`` beside them.

    Query ids are ``<video>_<number of its sentence, from 0>``, since the files have none.

    Args:
        path: The file, UTF-8.

    Returns:
        The queries in the order of the file, and the report on dirty rows (``annotations.policies``).

    Raises:
        UserError: A file is absent or not this format (names the line), or no row is usable.
    """
    return clean(_rows(path), path)


def _rows(path: Path) -> Iterator[AnnotationRow]:
    """Rows, line by line."""
    parsed = [(where, *_parsed(line, where)) for where, line in read_lines(path)]
    lengths_s = _lengths(path)
    seen: Counter[str] = Counter()
    for where, video_id, window_s, text in parsed:
        yield AnnotationRow(f"{video_id}_{seen[video_id]}", text, video_id, lengths_s.get(video_id), where, (window_s,))
        seen[video_id] += 1


def _parsed(line: str, where: str) -> tuple[str, tuple[float, float], str]:
    """Video, moment and sentence of a line."""
    head, separator, text = line.partition("##")
    words = head.split()
    try:
        if not separator or len(words) != 3:
            raise ValueError
        return words[0], (float(words[1]), float(words[2])), text
    except ValueError:
        raise UserError(f"{where} is {line[:60]!r}, needs 'VIDEO start_s end_s##sentence'") from None


def _lengths(path: Path) -> Mapping[str, float]:
    """Length in seconds of each video."""
    tables = sorted(path.parent.glob(LENGTHS))
    if not tables:
        wanted = "Charades_v1_train.csv and Charades_v1_test.csv"
        raise UserError(
            f"no {LENGTHS} beside {path}: the tables with the video lengths are missing; put {wanted} there"
        )
    return {video_id: length_s for table in tables for video_id, length_s in _table(table)}


def _table(path: Path) -> Iterator[tuple[str, float]]:
    """Ids and lengths in a table of Charades."""
    try:
        for row in csv.DictReader(io.StringIO(read_text(path), newline="")):
            yield row["id"], float(row["length"] or math.nan)
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise UserError(f"{path} needs the columns id and length in seconds ({error}); get the file again") from None
