"""Cost axes: GFLOPs a query at three levels of sharing, or seconds a query."""

from __future__ import annotations

from collections.abc import Mapping

from spotvmr.types.record import LEVELS, RunRecord

SECONDS = "seconds"
AXES = (*LEVELS, SECONDS)
"""All cost axes: a level of ``LEVELS`` for GFLOPs a query, or seconds a query."""

SHARING: Mapping[str, str] = {
    "q1": "one query a video",
    "q10": "ten queries a video",
    "all": "all queries of a video together",
}
"""Description of each level."""


def position(record: RunRecord, axis: str = "q1") -> float | None:
    """Cost of a run on an axis of ``AXES``; None when the record lacks it."""
    return seconds_per_query(record) if axis == SECONDS else record.cost.gflops_per_query.get(axis)


def seconds_per_query(record: RunRecord) -> float | None:
    """Seconds of all stages divided by the number of queries; None when nothing was timed."""
    total = sum(stage.get("seconds") or 0.0 for stage in record.cost.stages.values())
    return total / record.n_queries if total and record.n_queries else None
