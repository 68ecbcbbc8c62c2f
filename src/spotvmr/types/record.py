"""The run record: what one training, evaluation or bench run did, scored and cost.

Reports are made from records alone. A record is one JSON object, ``runs/<name>/record.json``, or one
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
"""The stages of retrieval in their order, with what each of them counts."""

LEVELS = ("q1", "q10", "all")
"""How many queries share one pass over a video: one, the first ten, all there are."""

Numbers = Mapping[str, float | None]


@dataclass(frozen=True)
class Selection:
    """What the selector really took, over the queries of the split.

    Attributes:
        fraction_mean: Selected clips over valid clips, in [0, 1].
        fraction_p95: Its 95th percentile.
        fraction_max: Its maximum.
        gt_clip_recall: Share of the true clips that were selected; None when the truth is withheld.
    """

    fraction_mean: float | None
    fraction_p95: float | None
    fraction_max: float | None
    gt_clip_recall: float | None


@dataclass(frozen=True)
class Cost:
    """What the run cost, decoding and index included.

    Attributes:
        queries_per_video: Mean number of queries asked of a video.
        stages: Totals of the run: keys as in ``STAGES``.
        gflops_per_query: Keys as in ``LEVELS``.
        dense_gflops_per_query: The same for expert features on every clip and no index.
        ratio_to_dense: The first over the second.
        source: "measured" by a ledger that ran with the encoders, or "modelled" from unit costs.
        unit: What one GFLOP is.
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
    """The machine: processor, the cores the run could use, and the accelerator's name or None."""

    cpu: str
    cores: int
    gpu: str | None = None


_LEFT_OUT_WHEN_EMPTY = (
    "experiment",
    "arm",
    "groups",
    "annotations",
    "annotations_digest",
    "control",
    "spending",
    "provenance",
)


@dataclass(frozen=True)
class RunRecord:
    """One run. ``to_json`` and ``from_json`` keep every key and value.

    Attributes:
        name: Name of the run, also of its folder.
        created: Local or UTC time, ISO 8601.
        git: Commit of the code, "" when unknown.
        command: The command line that made it.
        seed: Seed of the run.
        dataset: Name of the data set.
        split: Its split.
        n_queries: Scored queries.
        n_videos: Videos they were asked of.
        hours: Length of those videos together.
        iou_rule: ">=" or ">".
        model: VMR model.
        selector: Arm.
        budget: Share of the valid clips that might be selected, in [0, 1].
        metrics: Such as "R1@0.3" in [0, 1].
        ci95: Lower and upper end of the 95 % interval of a metric.
        selection: What was selected.
        cost: What it cost.
        hardware: Where it ran.
        versions: Of the packages it ran on.
        config: The resolved configuration.
        experiment: Name of the experiment it belongs to, if any.
        arm: Its arm of that experiment, if any.
        groups: Metrics and "n" of the queries with a tag, such as "unseen_pair".
        annotations: Of each split its "file", "rows", "queries", those "scored", and rows by annotation policy.
        annotations_digest: Of the scored queries and their truth; None in older records.
        control: "mask_only" when the VMR model saw which clips were chosen, but zeros for their expert features.
        provenance: What it was made from, as ``types.provenance`` writes it; empty in older records.
        spending: Of adaptive spending: how it was decided when a query stops, and how many stopped at each level.
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
    selection: Selection
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
        for key in _LEFT_OUT_WHEN_EMPTY:
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
            for key, kind in (("selection", Selection), ("cost", Cost), ("hardware", Hardware)):
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
