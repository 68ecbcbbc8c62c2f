"""A sentence about a video, with its ground-truth moments."""

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
        moments: The ground-truth moments; empty when they are withheld.
        tags: Groups that are also scored separately, such as ``unseen_pair``.
    """

    qid: str
    text: str
    video_id: str
    duration_s: float
    moments: tuple[Moment, ...] = ()
    tags: tuple[str, ...] = ()
