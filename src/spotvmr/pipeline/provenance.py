"""What the weights and the records of the main job are made from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from spotvmr.assembly import code_digests
from spotvmr.config import as_plain
from spotvmr.extraction.prepare import PreparedData
from spotvmr.types import Query
from spotvmr.types.provenance import Provenance

_LEARNT_FROM = ("train", "val")
_DECODING = {"model": ("top_k", "nms_iou"), "selector": ("steps", "adaptive", "cap", "rerank")}
"""Settings of evaluation alone: they change records, and no weights."""
_HARDWARE = ("workers", "accelerator", "compile")
"""Settings of the trainer that change where and how weights are made, not what they are."""
_DATASET = ("name", "clip_s", "iou_rule")
"""Settings of the data set that weights depend on; its files count by their content."""


def of_teacher(data: PreparedData) -> Provenance:
    """What a teacher's weights are made from; students of any selector and budget share it."""
    return _of_weights(data, ("model", "losses"), ("student_epochs", "any_budget"), "")


def of_student(data: PreparedData) -> Provenance:
    """What a student's weights are made from."""
    groups = ("budget", "selector", "model", "losses", "distill")
    return _of_weights(data, groups, ("teacher_epochs",), of_teacher(data).digest())


def of_record(data: PreparedData, weights: str, split: str, control: str | None) -> Provenance:
    """What the record of an evaluation is made from.

    Args:
        data: The prepared data; their configuration says how the evaluation runs.
        weights: Digest of the provenance that the evaluated weights were saved with.
        split: The evaluated split.
        control: As in the record.
    """
    plain = as_plain(data.config)
    settings: dict[str, Any] = {group: _only(plain[group], names) for group, names in _DECODING.items()}
    settings |= {"budget": plain["budget"], "split": split, "control": control}
    settings["dataset"] = _only(plain["dataset"], _DATASET)
    # The thresholds of adaptive spending are set on validation.
    splits = (split, "val") if data.config.selector.adaptive and split != "val" else (split,)
    return _provenance(data, settings, splits, code={}, weights=weights)


def _of_weights(data: PreparedData, groups: Sequence[str], unused: Sequence[str], teacher: str) -> Provenance:
    """What weights are made from: settings, features and queries of training and validation, own code."""
    plain = as_plain(data.config)
    settings: dict[str, Any] = {"seed": plain["seed"], "dataset": _only(plain["dataset"], _DATASET)}
    settings |= {group: _without(plain[group], _DECODING.get(group, ())) for group in groups}
    settings["trainer"] = _without(plain["trainer"], (*unused, *_HARDWARE))
    return _provenance(data, settings, _LEARNT_FROM, code_digests(data.config), teacher)


def _provenance(
    data: PreparedData, settings: Mapping[str, Any], splits: Sequence[str], code: Mapping[str, str], weights: str
) -> Provenance:
    """Settings with what the data add to them."""
    features: dict[str, Any] = {"index": data.index.key.to_json(), "expert": data.expert.key.to_json()}
    if (
        data.config.text.family != "index" or data.config.text.target
    ):  # the index encoder's own text tower has the key of the index
        features["text"] = data.text.weights_hash
    for role, store in (("index", data.index), ("expert", data.expert)):
        if store.dropped:
            features[f"{role}_dropped"] = list(store.dropped)
    return Provenance(
        settings=settings,
        features=features,
        content={split: _content(data, data.splits[split]) for split in splits},
        annotations={split: _digest(data.splits[split]) for split in splits},
        code=code,
        weights=weights,
    )


def _content(data: PreparedData, queries: Sequence[Query]) -> dict[str, str]:
    """Digests of the features of the queries' videos."""
    videos = {query.video_id for query in queries}
    return {"index": data.index.content_digest(videos), "expert": data.expert.content_digest(videos)}


def _digest(queries: Sequence[Query]) -> str:
    """Hash of queries: ids, texts, videos, moments and tags."""
    rows = [[q.qid, q.text, q.video_id, [(m.start_s, m.end_s) for m in q.moments], q.tags] for q in queries]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


def _only(settings: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in names}


def _without(settings: Any, names: Sequence[str]) -> Any:
    if not isinstance(settings, Mapping):  # a top-level setting, such as budget
        return settings
    return {name: value for name, value in settings.items() if name not in names}
