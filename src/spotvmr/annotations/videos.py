"""Checks that annotated videos are available."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from spotvmr.errors import UserError
from spotvmr.types import Query


def missing_videos(queries: Iterable[Query], available: Collection[str]) -> list[str]:
    """List the annotated videos that are not available, each once, in the order of the queries.

    Args:
        queries: Queries of one split.
        available: Ids of the available videos or features; a set is fast.

    Example:
        >>> missing_videos([Query("1", "open door", "kitchen", 60.0)], {"garage"})
        ['kitchen']
    """
    return [video_id for video_id in dict.fromkeys(query.video_id for query in queries) if video_id not in available]


def require_videos(queries: Collection[Query], available: Collection[str], where: str) -> None:
    """Check that every annotated video is available.

    Args:
        queries: Queries of one split.
        available: Ids of the available videos or features.
        where: The searched place, such as the video folder, for the message.

    Raises:
        UserError: Videos are missing. The message has their number, the first ids, and the number of their queries.
    """
    missing = missing_videos(queries, available)
    if missing:
        absent = set(missing)
        lost = sum(query.video_id in absent for query in queries)
        raise UserError(
            f"{len(missing)} annotated videos are not in {where}, first {', '.join(missing[:3])}; {lost} of "
            f"{len(queries)} queries need them; add the videos or remove their rows"
        )
