"""Thumbnails of some clips; the dashboard shows them below the time line of a query."""

from __future__ import annotations

import logging
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from spotvmr.errors import UserError
from spotvmr.system.files import write_bytes_atomic
from spotvmr.types import ClipGrid, Query
from spotvmr.types.predictions import Prediction
from spotvmr.types.thumbnails import FOLDER, MAX_BYTES, MAX_RUN_BYTES, thumbnail_folder
from spotvmr.video import encode_jpeg, open_reader, probe

log = logging.getLogger(__name__)
_HEIGHT = 90  # pixels
_CHOSEN = 2

Clip = tuple[str, int]
"""Video id and clip number."""


def write_thumbnails(
    folder: Path, videos: Mapping[str, Path], queries: Sequence[Query], predictions: Sequence[Prediction], clip_s: float
) -> None:
    """Write thumbnails of the first clips of ground truth and best prediction and of some chosen clips, up to a limit.

    Args:
        folder: Folder of the record; thumbnails of an earlier evaluation are replaced.
        videos: Path of each video; empty for imported features: nothing is written.
        queries: The queries with thumbnails.
        predictions: One prediction for each query.
        clip_s: Length of a clip in seconds.

    Raises:
        UserError: A file cannot be written. A video that cannot be read gets no thumbnails and a warning.
    """
    if not videos:
        return
    of_query = [_clips(query, prediction, clip_s) for query, prediction in zip(queries, predictions, strict=True)]
    # First ground truths, then predictions, then chosen clips: every query gets some before the limit is reached.
    ranks = range(max(map(len, of_query), default=0))
    wanted = list(dict.fromkeys(clips[rank] for rank in ranks for clips in of_query if rank < len(clips)))
    pictures = _pictures(videos, wanted, clip_s)
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    room = MAX_RUN_BYTES
    for video_id, clip in wanted:
        picture = pictures.get((video_id, clip), b"")
        if 0 < len(picture) <= min(room, MAX_BYTES):
            write_bytes_atomic(thumbnail_folder(folder, video_id) / f"{clip}.jpg", picture)
            room -= len(picture)


def _clips(query: Query, prediction: Prediction, clip_s: float) -> list[Clip]:
    """The clips of a query to show, the most important first."""
    grid = ClipGrid(query.duration_s, clip_s)
    firsts = [moments[0] for moments in (query.moments, prediction.moments) if moments]
    chosen = prediction.selected_clips
    spread = chosen[:: max(1, len(chosen) // _CHOSEN)][:_CHOSEN]
    return [(query.video_id, clip) for clip in (*(grid.clips_of(m.start_s, m.end_s)[0] for m in firsts), *spread)]


def _pictures(videos: Mapping[str, Path], wanted: Sequence[Clip], clip_s: float) -> dict[Clip, bytes]:
    """The middle frame of each clip as JPEG; each video is opened once."""
    of_video: dict[str, list[int]] = defaultdict(list)
    for video_id, clip in wanted:
        of_video[video_id].append(clip)
    found: dict[Clip, bytes] = {}
    for video_id, clips in of_video.items():
        try:
            jpegs = _jpegs(videos[video_id], [(clip + 0.5) * clip_s for clip in clips])
        except UserError as error:
            log.warning("no thumbnails of a video: %s", error)
        else:
            found |= {(video_id, clip): jpeg for clip, jpeg in zip(clips, jpegs, strict=True)}
    return found


def _jpegs(path: Path, times_s: Sequence[float]) -> list[bytes]:
    """Small JPEGs of a video at some times."""
    info = probe(path)
    reader = open_reader(path, size=info.size_within(_HEIGHT), info=info)
    return [encode_jpeg(pixels) for pixels in reader.read(times_s).pixels]
