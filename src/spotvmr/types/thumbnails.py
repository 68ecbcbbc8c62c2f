"""``thumbnails/<video>/<clip>.jpg`` beside a record: small frames of clips, for the dashboard."""

from __future__ import annotations

from pathlib import Path

from spotvmr.types.names import check_video_id

FOLDER = "thumbnails"
MAX_BYTES = 20_000
"""Maximum bytes of a picture in the dashboard."""
MAX_RUN_BYTES = 225_000
"""Maximum bytes of all pictures of a run in the dashboard."""


def thumbnail_folder(folder: Path, video_id: str) -> Path:
    """The folder of the frames of a video.

    Args:
        folder: Folder of the record.
        video_id: The video's id.

    Raises:
        UserError: The id cannot be the name of a folder.
    """
    return folder / FOLDER / check_video_id(video_id)
