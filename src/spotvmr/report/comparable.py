"""Which runs may stand on one frontier or in one table, and what keeps the others off it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spotvmr.report.axes import SECONDS
from spotvmr.types.record import RunRecord

# Where a data set lies, what a run learnt from, and rules that are terms of their own or no matter of the truth.
_NO_VERSION = ("name", "root", "videos", "train", "val", "test", "iou_rule", "clip_s")
_IN_HEADINGS = ("data set", "split", "queries", "IoU rule", "FLOP source")


@dataclass(frozen=True)
class Group:
    """Runs that may be compared.

    Attributes:
        terms: What they have in common, as ``terms`` gives it.
        members: The runs, in the given order.
    """

    terms: Mapping[str, str]
    members: Sequence[RunRecord]


def terms(record: RunRecord, axis: str = "q1") -> dict[str, str]:
    """Say under which terms a run was made: two runs may be compared if theirs are equal.

    Args:
        record: The run.
        axis: What scores are set against, one of ``axes.AXES``. GFLOPs do not depend on the machine, seconds
            do; what queries share matters only when they share a pass over the video.

    Returns:
        Name and value of each term, in words.
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
    """Gather runs that may be compared; groups in the order of their terms, runs in the given order."""
    gathered: dict[tuple[str, ...], list[RunRecord]] = {}
    for record in records:
        gathered.setdefault(tuple(terms(record, axis).values()), []).append(record)
    return [Group(terms(gathered[key][0], axis), gathered[key]) for key in sorted(gathered)]


def differing(found: Iterable[Group]) -> dict[str, list[str]]:
    """Name the terms in which groups differ, each with the values there are; empty when there is one group.

    That another data set is another version goes without saying: versions are named when one data set has several.
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
        named: Terms to name beside the usual ones: those that tell this group from others.
    """
    said = group.terms
    usual = (
        f"{said['data set']}, {said['split']}, {said['queries']} queries, IoU {said['IoU rule']} threshold,"
        f" costs {said['FLOP source']}"
    )
    return ", ".join([usual, *(f"{term} {said[term]}" for term in named if term in said and term not in _IN_HEADINGS)])


def why_apart(found: Sequence[Group]) -> str:
    """Say in one line why runs stand in several groups; empty when they stand in one."""
    reasons = [f"{term} ({', '.join(values)})" for term, values in differing(found).items()]
    return f"Not compared with one another: runs that differ in {', '.join(reasons)}." if reasons else ""


def machine(record: RunRecord) -> str:
    """The machine of a run in words: processor, cores and accelerator."""
    parts = [record.hardware.cpu, f"{record.hardware.cores} cores", record.hardware.gpu]
    return ", ".join(part for part in parts if part)


def _version(record: RunRecord) -> str:
    """The digest of the annotations, or, in records without one, of the settings that make the data set."""
    if record.annotations_digest:
        return f"annotations {record.annotations_digest}"
    settings = {key: value for key, value in (record.config.get("dataset") or {}).items() if key not in _NO_VERSION}
    text = json.dumps(settings, sort_keys=True, default=str)
    return f"settings {hashlib.sha256(text.encode()).hexdigest()[:8]}"
