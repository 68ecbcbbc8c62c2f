"""Groups of comparable runs, which share a table and a Pareto frontier, and the differences between groups."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spotvmr.report.axes import SECONDS
from spotvmr.types.record import RunRecord

# Paths, training data, and settings that are terms of their own or do not change the ground truth.
_NO_VERSION = ("name", "root", "videos", "train", "val", "test", "iou_rule", "clip_s")
_IN_HEADINGS = ("data set", "split", "queries", "IoU rule", "FLOP source")


@dataclass(frozen=True)
class Group:
    """Comparable runs.

    Attributes:
        terms: Their common terms, from ``terms``.
        members: The runs, in the given order.
    """

    terms: Mapping[str, str]
    members: Sequence[RunRecord]


def terms(record: RunRecord, axis: str = "q1") -> dict[str, str]:
    """The evaluation terms of a run. Two runs are comparable when their terms are equal.

    Args:
        record: The run.
        axis: The cost axis, one of ``axes.AXES``. GFLOPs do not depend on the machine, seconds do. The number of
            queries a video matters only when queries share a pass over the video.

    Returns:
        Name and value of each term, as texts.
    """
    found = {
        "data set": record.dataset,
        "data set version": _version(record),
        "split": record.split,
        "queries": f"{record.n_queries:,}",
        "IoU rule": "≥" if record.iou_rule == ">=" else ">",
        "FLOP source": record.cost.source,
        "FLOP unit": record.cost.unit,
        "expert features": "hidden as a control" if record.control else "shown",
    }
    if axis == SECONDS:
        found["hardware"] = machine(record)
    elif axis != "q1":
        found["queries a video"] = f"{record.cost.queries_per_video:.4g}"
    return found


def groups(records: Iterable[RunRecord], axis: str = "q1") -> list[Group]:
    """Group comparable runs; groups in the order of their terms, runs in the given order."""
    gathered: dict[tuple[str, ...], list[RunRecord]] = {}
    for record in records:
        gathered.setdefault(tuple(terms(record, axis).values()), []).append(record)
    return [Group(terms(gathered[key][0], axis), gathered[key]) for key in sorted(gathered)]


def differing(found: Iterable[Group]) -> dict[str, list[str]]:
    """The terms in which groups differ, each with its values; empty for one group.

    Versions of data sets are listed only when one data set has several.
    """
    values: dict[str, dict[str, None]] = {}
    versions: set[tuple[str, str]] = set()
    for group in found:
        versions.add((group.terms["data set"], group.terms["data set version"]))
        for term, value in group.terms.items():
            values.setdefault(term, {})[value] = None
    if len(versions) == len(values.get("data set", ())):
        values.pop("data set version", None)
    return {term: list(several) for term, several in values.items() if len(several) > 1}


def heading(group: Group, named: Iterable[str] = ()) -> str:
    """One line for a table or a panel.

    Args:
        group: The runs.
        named: Further terms to include: those in which this group differs from others.
    """
    shared = group.terms
    usual = (
        f"{shared['data set']}, {shared['split']}, {shared['queries']} queries, IoU {shared['IoU rule']} threshold,"
        f" costs {shared['FLOP source']}"
    )
    return ", ".join(
        [usual, *(f"{term} {shared[term]}" for term in named if term in shared and term not in _IN_HEADINGS)]
    )


def why_apart(found: Sequence[Group]) -> str:
    """One line that says why runs are in several groups; empty for one group."""
    reasons = [f"{term} ({', '.join(values)})" for term, values in differing(found).items()]
    return f"Not compared with one another: runs that differ in {', '.join(reasons)}." if reasons else ""


def machine(record: RunRecord) -> str:
    """Processor, cores and accelerator of a run, as one text."""
    parts = [record.hardware.cpu, f"{record.hardware.cores} cores", record.hardware.gpu]
    return ", ".join(part for part in parts if part)


def _version(record: RunRecord) -> str:
    """Digest of the annotations; in records without it, digest of the settings of the data set."""
    if record.annotations_digest:
        return f"annotations {record.annotations_digest}"
    settings = {key: value for key, value in (record.config.get("dataset") or {}).items() if key not in _NO_VERSION}
    text = json.dumps(settings, sort_keys=True, default=str)
    return f"settings {hashlib.sha256(text.encode()).hexdigest()[:8]}"
