"""Holds out training videos for validation, for benchmarks that report their second split."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from spotvmr.errors import UserError
from spotvmr.types import Query


def hold_out(queries: Sequence[Query], share: float) -> tuple[list[Query], list[Query]]:
    """Split queries by their videos.

    The videos whose names have the smallest SHA-256 are held out. The choice depends on no machine, order or seed.

    Args:
        queries: Queries of the training split.
        share: Share of its videos to hold out, above 0 and below 1; rounded to whole videos, at least one.

    Returns:
        The training queries and the held-out queries, each in the given order.

    Raises:
        UserError: No video would be left for training.

    Example:
        >>> rows = [Query(str(n), "open door", f"video{n % 4}", 60.0) for n in range(8)]
        >>> train, val = hold_out(rows, 0.25)
        >>> len(train), sorted({query.video_id for query in val})
        (6, ['video0'])
    """
    videos = sorted({query.video_id for query in queries}, key=_digest)
    n_held = max(1, round(share * len(videos)))
    if n_held >= len(videos):
        raise UserError(
            f"dataset.val_share={share} would hold out {n_held} of {len(videos)} training videos, which leaves none; "
            "set dataset.val=FILE or a smaller share"
        )
    held = set(videos[:n_held])
    train = [query for query in queries if query.video_id not in held]
    return train, [query for query in queries if query.video_id in held]


def _digest(video_id: str) -> str:
    """Hexadecimal SHA-256 of a name."""
    return hashlib.sha256(video_id.encode()).hexdigest()
