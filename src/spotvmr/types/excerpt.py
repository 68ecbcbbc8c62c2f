"""Videos that are cut from longer recordings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Position of a video in the recording from which it was cut.

    Attributes:
        recording_id: Name of the recording.
        start_s: Start of the video in the recording, in seconds.
    """

    recording_id: str
    start_s: float
