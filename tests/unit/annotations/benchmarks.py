"""Tiny annotation files of every benchmark, as their owners write them; each row can be replaced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from spotvmr.annotations import (
    AnnotationReport,
    read_activitynet,
    read_charades,
    read_ego4d_nlq,
    read_jsonl,
    read_mad,
    read_tacos,
)
from spotvmr.types import Query

Reader = Callable[[Path], tuple[list[Query], AnnotationReport]]


class Sentence(NamedTuple):
    """One row in seconds; each writer puts it into its format. The video is 60 s long."""

    text: object = "a person opens the door."
    start_s: object = 1.0
    end_s: object = 4.5


VIDEO = "v1"
DURATION_S = 60.0


def activitynet(folder: Path, *rows: Sentence, duration: object = DURATION_S) -> Path:
    """``train.json`` of ActivityNet Captions."""
    content = {
        "duration": duration,
        "timestamps": [[r.start_s, r.end_s] for r in rows],
        "sentences": [r.text for r in rows],
    }
    return _json(folder / "activitynet.json", {VIDEO: content})


def tacos(folder: Path, *rows: Sentence, fps: object = 10.0) -> Path:
    """``train.json`` of 2D-TAN's TACoS: times are frames."""
    times = [[_frames(r.start_s), _frames(r.end_s)] for r in rows]
    content = {"fps": fps, "num_frames": 600, "timestamps": times, "sentences": [r.text for r in rows]}
    return _json(folder / "tacos.json", {f"{VIDEO}.avi": content})


def mad(folder: Path, *rows: Sentence, duration: object = DURATION_S) -> Path:
    """``MAD_train.json``."""
    entries = [
        {
            "movie": VIDEO,
            "movie_duration": duration,
            "timestamps": [r.start_s, r.end_s],
            "sentence": r.text,
            "tokens": [],
        }
        for r in rows
    ]
    return _json(folder / "mad.json", {str(number): entry for number, entry in enumerate(entries)})


def ego4d(folder: Path, *rows: Sentence, duration: object = DURATION_S, annotation: str = "a1") -> Path:
    """``nlq_train.json``; a row without text has no key ``query``."""
    queries = [
        {"clip_start_sec": r.start_s, "clip_end_sec": r.end_s, "query": r.text, "template": "Objects: Where is X?"}
        for r in rows
    ]
    clip = {
        "clip_uid": VIDEO,
        "video_start_sec": 0.0,
        "video_end_sec": duration,
        "annotations": [{"annotation_uid": annotation, "language_queries": queries}],
    }
    return _json(
        folder / "nlq.json", {"version": "1", "videos": [{"video_uid": "r1", "clips": [clip], "split": "train"}]}
    )


def charades(folder: Path, *rows: Sentence, duration: object = DURATION_S) -> Path:
    """``charades_sta_train.txt`` and the table beside it."""
    path = folder / "charades.txt"
    path.write_text("".join(f"{VIDEO} {r.start_s} {r.end_s}##{r.text or ''}\n" for r in rows), encoding="utf-8")
    table = f'id,subject,script,length\n{VIDEO},A1,"opens, closes",{duration}\n'
    (folder / "Charades_v1_train.csv").write_text(table, encoding="utf-8")
    return path


def qvhighlights(folder: Path, *rows: Sentence, duration: object = DURATION_S) -> Path:
    """``highlight_train_release.jsonl``."""
    lines = [
        {"qid": number, "query": r.text, "duration": duration, "vid": VIDEO, "relevant_windows": [[r.start_s, r.end_s]],
         "relevant_clip_ids": [1], "saliency_scores": [[4, 3, 2]]}
        for number, r in enumerate(rows)
    ]  # fmt: skip
    path = folder / "highlight.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


READERS: dict[str, Reader] = {
    "activitynet": read_activitynet,
    "tacos": read_tacos,
    "mad": read_mad,
    "ego4d-nlq": read_ego4d_nlq,
    "charades": read_charades,
    "qvhighlights": read_jsonl,
}
WRITERS: dict[str, Callable[..., Path]] = {
    "activitynet": activitynet,
    "tacos": tacos,
    "mad": mad,
    "ego4d-nlq": ego4d,
    "charades": charades,
    "qvhighlights": qvhighlights,
}
QIDS = {
    "activitynet": "v1_0",
    "tacos": "v1_0",
    "mad": "0",
    "ego4d-nlq": "a1_0",
    "charades": "v1_0",
    "qvhighlights": "0",
}


def _frames(seconds: object) -> object:
    """Seconds as frames at 10 a second; whatever is no number as it is."""
    return seconds * 10 if isinstance(seconds, float) else seconds


def _json(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
