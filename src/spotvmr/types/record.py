"""The run record: settings, scores and costs of one training, evaluation or benchmark run.

Reports use only records. A record is one JSON object, ``runs/<name>/record.json``, or one
line of ``experiments/<claim>/results.jsonl``. Numbers that do not exist (NaN, infinity) are null in
the file and None in memory.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spotvmr.errors import UserError
from spotvmr.system.files import write_text_atomic
from spotvmr.types.record_fields import build

SCHEMA = 1
UNIT = "GFLOPs, 2 per multiply-add"
STAGES: Mapping[str, tuple[str, ...]] = {
    "decode": ("seconds", "frames"),
    "index": ("gflops", "seconds"),
    "text": ("gflops", "seconds"),
    "selection": ("gflops", "seconds"),
    "expert": ("gflops", "seconds", "clips"),
    "model": ("gflops", "seconds"),
}
"""The stages of retrieval in their order, with the amounts that each of them counts."""

LEVELS = ("q1", "q10", "all")
"""Number of queries that share one pass over a video: one, the first ten, or all."""

Numbers = Mapping[str, float | None]


@dataclass(frozen=True)
class SelectionSummary:
    """Statistics of selected clips over the queries of the split.

    Attributes:
        fraction_mean: Mean of selected clips divided by valid clips, in [0, 1].
        fraction_p95: The 95th percentile of this fraction.
        fraction_max: The maximum of this fraction.
        gt_clip_recall: Share of ground-truth clips that were selected; None when the ground truth is withheld.
    """

    fraction_mean: float | None
    fraction_p95: float | None
    fraction_max: float | None
    gt_clip_recall: float | None


@dataclass(frozen=True)
class Cost:
    """Cost of the run, with decoding and index.

    Attributes:
        queries_per_video: Mean number of queries of a video.
        stages: Totals of the run; keys as in ``STAGES``.
        gflops_per_query: GFLOPs of a query; keys as in ``LEVELS``.
        dense_gflops_per_query: The same for expert features on every clip and no index.
        ratio_to_dense: GFLOPs of a query divided by those of the dense pass.
        source: "measured" by a ledger that ran with the encoders, or "modelled" from unit costs.
        unit: Definition of the unit.
    """

    queries_per_video: float
    stages: Mapping[str, Mapping[str, float]]
    gflops_per_query: Numbers
    dense_gflops_per_query: Numbers
    ratio_to_dense: Numbers
    source: str
    unit: str = UNIT

    def __post_init__(self) -> None:
        """Refuse an unnamed source, unknown stages and unknown levels."""
        if self.source not in ("measured", "modelled"):
            raise ValueError(f"cost source must be 'measured' or 'modelled', got {self.source!r}")
        _known("stage", self.stages, STAGES)
        for numbers in (self.gflops_per_query, self.dense_gflops_per_query, self.ratio_to_dense):
            _known("level", numbers, LEVELS)


@dataclass(frozen=True)
class Hardware:
    """The machine: processor, usable cores, and the name of the accelerator or None."""

    cpu: str
    cores: int
    gpu: str | None = None


_OMITTED_WHEN_EMPTY = (
    "experiment", "arm", "groups", "annotations", "annotations_digest", "control", "spending", "provenance",
)  # fmt: skip


@dataclass(frozen=True)
class RunRecord:
    """One run. ``to_json`` and ``from_json`` keep every key and value.

    Attributes:
        name: Name of the run, also of its folder.
        created: Local or UTC time, ISO 8601.
        git: Commit of the code, "" when unknown.
        command: Command line of the run.
        seed: Seed of the run.
        dataset: Name of the data set.
        split: Split of the data set.
        n_queries: Number of scored queries.
        n_videos: Number of their videos.
        hours: Total length of these videos.
        iou_rule: ">=" or ">".
        model: VMR model.
        selector: Name of the selector.
        budget: Maximum share of valid clips that may be selected, in [0, 1].
        metrics: Scores such as "R1@0.3", in [0, 1].
        ci95: Lower and upper end of the 95 % interval of a metric.
        selection: Statistics of selected clips.
        cost: Cost of the run.
        hardware: Machine of the run.
        versions: Versions of the packages.
        config: The resolved configuration.
        experiment: Name of the experiment, if any.
        arm: Name of the variant in that experiment, if any.
        groups: Metrics and "n" of the queries with a tag, such as "unseen_pair".
        annotations: For each split "file", "rows", "queries", "scored", and rows by annotation policy.
        annotations_digest: Digest of the scored queries and their ground truth; None in older records.
        control: "mask_only" when the VMR model got the mask of selected clips, but zeros as expert features.
        provenance: Origin of the run, from ``types.provenance``; empty in older records.
        spending: For adaptive spending: the stopping rule, and the number of queries that stopped at each level.
    """

    name: str
    created: str
    git: str
    command: str
    seed: int
    dataset: str
    split: str
    n_queries: int
    n_videos: int
    hours: float
    iou_rule: str
    model: str
    selector: str
    budget: float
    metrics: Numbers
    ci95: Mapping[str, tuple[float | None, float | None]]
    selection: SelectionSummary
    cost: Cost
    hardware: Hardware
    versions: Mapping[str, str]
    config: Mapping[str, Any]
    experiment: str | None = None
    arm: str | None = None
    groups: Mapping[str, Numbers] = field(default_factory=dict)
    annotations: Mapping[str, Mapping[str, int | str]] = field(default_factory=dict)
    annotations_digest: str | None = None
    control: str | None = None
    spending: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an unknown rule and a budget that is no fraction."""
        if self.iou_rule not in (">=", ">"):
            raise ValueError(f"iou_rule must be '>=' or '>', got {self.iou_rule!r}")
        if not 0.0 <= self.budget <= 1.0:
            raise ValueError(f"budget must lie in [0, 1], got {self.budget}")

    def to_json(self) -> dict[str, Any]:
        """Return plain Python that ``json`` can write; optional keys that are empty are left out."""
        plain = {"schema": SCHEMA} | asdict(self)
        for key in _OMITTED_WHEN_EMPTY:
            if not plain[key]:
                del plain[key]
        # json.loads gives lists for tuples: give them here as well, that both ways compare equal.
        clean: dict[str, Any] = _without_nan(plain)
        return clean

    @classmethod
    def from_json(cls, data: Mapping[str, Any], where: str = "run record") -> RunRecord:
        """Build a record from parsed JSON.

        Args:
            data: What ``to_json`` gave.
            where: File, or file and line, to name in an error.

        Raises:
            UserError: Another schema, a missing or unknown key, or a value of another type or out of its range.
        """
        if not isinstance(data, Mapping) or data.get("schema") != SCHEMA:
            found = data.get("schema") if isinstance(data, Mapping) else type(data).__name__
            raise UserError(
                f"{where}: schema {found!r} is not known, this version reads {SCHEMA}; make the record again"
            )
        values = {key: value for key, value in data.items() if key != "schema"}
        try:
            for key, kind in (("selection", SelectionSummary), ("cost", Cost), ("hardware", Hardware)):
                values[key] = build(kind, values.get(key), f"{key}.")
            values["ci95"] = {name: (low, high) for name, (low, high) in (values.get("ci95") or {}).items()}
            record: RunRecord = build(cls, values, "")
        except (TypeError, ValueError, AttributeError) as error:
            raise UserError(f"{where}: not a run record: {error}") from error
        return record


def write_record(record: RunRecord, path: Path) -> None:
    """Write ``record`` to ``path`` as indented JSON, whole or not at all.

    Raises:
        UserError: The file cannot be written.
    """
    write_text_atomic(path, json.dumps(record.to_json(), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_record(path: Path) -> RunRecord:
    """Read one ``record.json``.

    Raises:
        UserError: Absent, not JSON, or no record of this schema.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read run record {path}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{path}: not JSON ({error}); make the record again") from error
    return RunRecord.from_json(data, str(path))


def _known(what: str, given: Mapping[str, Any], known: Any) -> None:
    if unknown := [key for key in given if key not in known]:
        raise ValueError(f"unknown {what} {unknown[0]!r}, known are {', '.join(known)}")


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
