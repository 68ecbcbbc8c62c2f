"""The run record of an evaluation, and the files beside it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from spotvmr.assembly import BudgetedVmr
from spotvmr.config import Config, as_plain, save
from spotvmr.evaluation.costs import cost_of
from spotvmr.evaluation.evaluate import Evaluation, query_costs
from spotvmr.evaluation.thumbnails import write_thumbnails
from spotvmr.extraction.prepare import PreparedData
from spotvmr.metrics import bootstrap_ci
from spotvmr.types import Query
from spotvmr.types.environment import git_describe, hardware, versions
from spotvmr.types.predictions import write_predictions
from spotvmr.types.record import RunRecord, SelectionSummary, write_record
from spotvmr.types.traces import Trace, write_traces

PACKAGES = ("torch", "lightning", "torchmetrics", "open_clip_torch", "numpy", "av", "decord", "omegaconf")
_TRACED = 24
"""Queries with a trace of the selection and with thumbnails."""


def make_record(
    data: PreparedData,
    system: BudgetedVmr,
    queries: Sequence[Query],
    found: Evaluation,
    split: str,
    name: str,
    control: str | None = None,
    spending: Mapping[str, Any] | None = None,
) -> RunRecord:
    """Make the record of an evaluation.

    Args:
        data: Features, sentences and configuration.
        system: The evaluated system.
        queries: The queries of the split.
        found: The evaluation of the queries.
        split: Name of the split.
        name: Name of the run.
        control: Value of the record's ``control``.
        spending: Value of the record's ``spending``.
    """
    config = data.config
    return RunRecord(
        **_origin(config),
        **_data_facts(data, queries),
        name=name,
        split=split,
        model=config.model.name,
        selector=config.selector.name,
        budget=config.budget,
        metrics=found.grounding.compute(),
        ci95=_intervals(found, queries),
        selection=SelectionSummary(**found.selection.compute()),
        cost=cost_of(data, found, query_costs(system, data, queries, found, config.budget)),
        groups=_groups(found, queries),
        control=control,
        spending=spending or {},
    )


def _origin(config: Config) -> dict[str, Any]:
    """The fields of a record about time, code, command, machine and settings."""
    return {
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "git": git_describe(),
        "command": " ".join(["spotvmr", *sys.argv[1:]]),
        "seed": config.seed,
        "hardware": hardware(torch.cuda.get_device_name() if torch.cuda.is_available() else None),
        "versions": versions(PACKAGES),
        "config": as_plain(config),
    }


def _data_facts(data: PreparedData, queries: Sequence[Query]) -> dict[str, Any]:
    """The fields of a record about the data set."""
    dataset, videos = data.config.dataset, {query.video_id: query.duration_s for query in queries}
    return {
        "dataset": dataset.name,
        "n_queries": len(queries),
        "n_videos": len(videos),
        "hours": sum(videos.values()) / 3600,
        "iou_rule": dataset.iou_rule,
        "annotations": data.splits.facts,
        "annotations_digest": _digest(queries),
    }


def _intervals(found: Evaluation, queries: Sequence[Query]) -> dict[str, tuple[float | None, float | None]]:
    """95 % intervals of the scores, by bootstrap over the queries."""
    rows = found.grounding.per_query().of([query.qid for query in queries])
    return {name: (low, high) for name, (low, high) in bootstrap_ci(found.grounding.columns(rows)).items()}


def write_run(
    record: RunRecord,
    queries: Sequence[Query],
    found: Evaluation,
    folder: Path,
    config: Config,
    videos: Mapping[str, Path],
) -> None:
    """Write predictions, traces, thumbnails and configuration, then the record: a record is never without the others.

    Args:
        record: The record.
        queries: The queries of the split.
        found: The evaluation of the queries.
        folder: Folder of the files.
        config: Configuration of the evaluation.
        videos: Path of each video, for thumbnails; empty for none.

    Raises:
        UserError: A file cannot be written.
    """
    write_predictions(found.predictions, folder / "predictions.jsonl")
    every, clip_s = max(1, len(queries) // _TRACED), config.dataset.clip_s
    traced = queries[::every]
    write_traces([_trace(query, found, clip_s) for query in traced], folder / "traces.jsonl")
    write_thumbnails(folder, videos, traced, found.predictions[::every], clip_s)
    save(config, folder / "config.yaml")
    write_record(record, folder / "record.json")


def _digest(queries: Sequence[Query]) -> str:
    """Eight hexadecimal digits of queries and ground truth; they change with the annotations."""
    rows = [
        (query.qid, query.video_id, query.text, query.duration_s, [(m.start_s, m.end_s) for m in query.moments])
        for query in queries
    ]
    return hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()[:8]


def _trace(query: Query, found: Evaluation, clip_s: float) -> Trace:
    """Steps and scores of the selector for one query."""
    steps = tuple(tuple(step) for step in found.steps[query.qid])
    scores = tuple(tuple(round(value, 3) for value in score.tolist()) for score in found.scores[query.qid])
    return Trace(query.qid, query.duration_s, clip_s, steps, scores)


def _groups(found: Evaluation, queries: Sequence[Query]) -> dict[str, dict[str, float]]:
    """Number of queries and metrics of each tag."""
    groups = {}
    for tag in sorted({tag for query in queries for tag in query.tags}):
        rows = found.grounding.per_query().of([query.qid for query in queries if tag in query.tags])
        columns = found.grounding.columns(rows)
        groups[tag] = {"n": len(rows)} | {name: float(column.mean()) for name, column in columns.items()}
    return groups
