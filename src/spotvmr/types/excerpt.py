"""Videos that are cut from longer recordings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where a video lies in the recording it was cut from.

    Attributes:
        recording_id: Name of the recording.
        start_s: Where the video starts in it, in seconds.
    """

    recording_id: str
    start_s: float
