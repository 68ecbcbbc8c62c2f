"""Which runs may stand side by side, and the quantities that are compared."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from spotvmr.types.record import RunRecord


@dataclass(frozen=True, order=True)
class Terms:
    """What two runs must have in common before their numbers may be compared."""

    dataset: str
    split: str
    n_queries: int
    iou_rule: str
    cost_source: str

    @classmethod
    def of(cls, record: RunRecord) -> Terms:
        """Read the terms of one run."""
        return cls(record.dataset, record.split, record.n_queries, record.iou_rule, record.cost.source)

    def __str__(self) -> str:
        """One line for a heading."""
        sign = "≥" if self.iou_rule == ">=" else ">"
        return (
            f"{self.dataset}, {self.split}, {self.n_queries:,} queries, IoU {sign} threshold, costs {self.cost_source}"
        )


def sections(records: Iterable[RunRecord]) -> dict[Terms, list[RunRecord]]:
    """Group runs that may be compared; groups in the order of their terms, runs in the given order."""
    groups: dict[Terms, list[RunRecord]] = {}
    for record in records:
        groups.setdefault(Terms.of(record), []).append(record)
    return dict(sorted(groups.items()))


def seconds_per_query(record: RunRecord) -> float | None:
    """Seconds of all stages together over the queries; None where nothing was timed."""
    total = sum(stage.get("seconds") or 0.0 for stage in record.cost.stages.values())
    return total / record.n_queries if total and record.n_queries else None
