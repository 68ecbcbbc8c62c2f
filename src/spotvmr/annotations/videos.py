"""Checks that annotated videos are available."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from spotvmr.errors import UserError
from spotvmr.types import Moment, Query


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


def fit_to_videos(
    queries: Iterable[Query], durations_s: Mapping[str, float], slack_s: float
) -> tuple[list[Query], dict[str, int]]:
    """Apply the policies for videos that are shorter than their annotations (``annotations.policies``).

    Args:
        queries: Queries of one split.
        durations_s: The length that each video really has, in seconds.
        slack_s: A difference up to which a length counts as rounded.

    Returns:
        The queries that stay, with the moments that the videos hold; and the counts by policy.

    Example:
        >>> query = Query("1", "open door", "kitchen", 60.0, (Moment(20.0, 32.0), Moment(50.0, 55.0)))
        >>> kept, counts = fit_to_videos([query], {"kitchen": 30.0}, 1.0)
        >>> [(moment.start_s, moment.end_s) for moment in kept[0].moments], counts
        ([(20.0, 30.0)], {'clipped to video': 1, 'moments dropped': 1})
    """
    kept: list[Query] = []
    counts: Counter[str] = Counter()
    for query in queries:
        end_s = durations_s[query.video_id]
        if query.duration_s - end_s <= slack_s:
            kept.append(query)
            continue
        inside = [moment for moment in query.moments if moment.start_s < end_s]
        if query.moments and not inside:
            counts["past the video"] += 1
            continue
        counts["clipped to video"] += any(moment.end_s > end_s for moment in inside)
        counts["moments dropped"] += len(inside) < len(query.moments)
        moments = tuple(Moment(moment.start_s, min(moment.end_s, end_s)) for moment in inside)
        kept.append(replace(query, duration_s=end_s, moments=moments))
    return kept, {name: number for name, number in counts.items() if number}
