"""A temporal segment of a video with a score."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """The segment ``[start_s, end_s)`` of a video.

    Attributes:
        start_s: First second, inclusive.
        end_s: Last second, exclusive; never before ``start_s``.
        score: Confidence of a prediction, higher is better; 1.0 for ground truth.
    """

    start_s: float
    end_s: float
    score: float = 1.0

    def __post_init__(self) -> None:
        """Refuse moments that end before they start or contain NaN."""
        if not self.start_s <= self.end_s:
            raise ValueError(f"moment [{self.start_s}, {self.end_s}) ends before it starts")

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s
