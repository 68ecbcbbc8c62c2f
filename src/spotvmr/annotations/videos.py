"""Whether the videos that annotations speak of are there."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from spotvmr.errors import UserError
from spotvmr.types import Query


def missing_videos(queries: Iterable[Query], available: Collection[str]) -> list[str]:
    """List the annotated videos that are not available, each once, in the order of the queries.

    Args:
        queries: Queries of one split.
        available: Ids of the videos (or features) at hand; a set is fast.

    Example:
        >>> missing_videos([Query("1", "open door", "kitchen", 60.0)], {"garage"})
        ['kitchen']
    """
    return [video_id for video_id in dict.fromkeys(query.video_id for query in queries) if video_id not in available]


def require_videos(queries: Collection[Query], available: Collection[str], where: str) -> None:
    """Check that every annotated video is available.

    Args:
        queries: Queries of one split.
        available: Ids of the videos (or features) at hand.
        where: What was searched, for the message, such as the video folder.

    Raises:
        UserError: Videos are missing; gives their number, the number of queries that need them, and the first.
    """
    missing = missing_videos(queries, available)
    if missing:
        absent = set(missing)
        lost = sum(query.video_id in absent for query in queries)
        raise UserError(
            f"{len(missing)} annotated videos are not in {where}, first {', '.join(missing[:3])}; {lost} of "
            f"{len(queries)} queries need them; add the videos or remove their rows"
        )
