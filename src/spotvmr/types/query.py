"""A sentence asked of a video, with the moments that answer it."""

from __future__ import annotations

from dataclasses import dataclass

from spotvmr.types.moment import Moment


@dataclass(frozen=True, slots=True)
class Query:
    """One annotated sentence.

    Attributes:
        qid: Unique within its data set.
        text: The sentence.
        video_id: Name of the video, without folder or suffix.
        duration_s: Length of the video in seconds.
        moments: The true moments; empty when the truth is withheld.
        tags: Groups that are scored apart as well, such as ``unseen_pair``.
    """

    qid: str
    text: str
    video_id: str
    duration_s: float
    moments: tuple[Moment, ...] = ()
    tags: tuple[str, ...] = ()
