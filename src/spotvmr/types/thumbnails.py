"""``thumbnails/<video>/<clip>.jpg`` beside a record: small frames of some clips, for the dashboard."""

from __future__ import annotations

from pathlib import Path

from spotvmr.types.names import check_video_id

FOLDER = "thumbnails"
MAX_BYTES = 20_000
"""Bytes of a picture that the dashboard takes."""
MAX_RUN_BYTES = 225_000
"""Bytes of a run's pictures that the dashboard takes."""


def thumbnail_folder(folder: Path, video_id: str) -> Path:
    """Where the frames of a video lie.

    Args:
        folder: Of the record.
        video_id: The video's id.

    Raises:
        UserError: The id cannot be the name of a folder.
    """
    return folder / FOLDER / check_video_id(video_id)
