"""Benchmarks of scoring a file of predictions, reading included."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from spotvmr.annotations.submissions import Matched, match, read_submission, read_truths
from spotvmr.metrics.official import ANNOTATORS, CLIP_S, RECALL_RULES, qvhighlights_scores, recall_scores
from spotvmr.system.files import write_text_atomic

_DURATION_S = 150
_LIMIT_S = 3.0


def score_rows() -> list[dict[str, Any]]:
    """Time QVHighlights' validation split with highlights, and 10,000 queries of five moments."""
    with tempfile.TemporaryDirectory() as folder:
        true, pred = Path(folder) / "true.jsonl", Path(folder) / "pred.jsonl"
        _write(true, pred, n_queries=1550, n_windows=10, rated=True)
        highlights = _median_s(lambda: _qvhighlights(_matched(true, pred, "qvhighlights")))
        _write(true, pred, n_queries=10_000, n_windows=5, rated=False)
        recalls = _median_s(lambda: _recalls(_matched(true, pred, "jsonl")))
    return [
        {"what": "score 1,550 QVHighlights queries", "median": highlights, "unit": "s", "limit": _LIMIT_S},
        {"what": "score 10,000 queries of five moments", "median": recalls, "unit": "s", "limit": _LIMIT_S},
    ]


def _matched(true: Path, pred: Path, kind: str) -> Matched:
    """Both files, read and checked."""
    return match(read_submission(pred, kind), read_truths(true, kind, CLIP_S, ANNOTATORS), allow_partial=False)


def _qvhighlights(found: Matched) -> object:
    """Moments and highlights."""
    saliency = [answer.saliency or [] for answer in found.predictions]
    ratings = [truth.ratings or [] for truth in found.truths]
    windows, truths = [answer.spans for answer in found.predictions], [truth.spans for truth in found.truths]
    return qvhighlights_scores(windows, truths, saliency, ratings)


def _recalls(found: Matched) -> object:
    """Recalls and mIoU."""
    windows, truths = [answer.spans for answer in found.predictions], [truth.spans for truth in found.truths]
    return recall_scores(windows, truths, RECALL_RULES["jsonl"])


def _write(true: Path, pred: Path, n_queries: int, n_windows: int, rated: bool) -> None:
    """Random files in the layout of QVHighlights, with or without saliency ratings."""
    rng = np.random.default_rng(0)
    n_clips = _DURATION_S // CLIP_S
    truths, answers = [], []
    for qid in range(n_queries):
        common = {"qid": qid, "query": "a sentence", "vid": f"v{qid}"}
        windows = np.column_stack([_windows(rng, n_windows), np.sort(rng.random(n_windows))[::-1]])
        truth = {**common, "duration": _DURATION_S, "relevant_windows": _windows(rng, 3).tolist()}
        answer = {**common, "pred_relevant_windows": windows.tolist()}
        if rated:
            truth["relevant_clip_ids"] = rng.choice(n_clips, 20, replace=False).tolist()
            truth["saliency_scores"] = rng.integers(0, 5, (20, ANNOTATORS)).tolist()
            answer["pred_saliency_scores"] = rng.standard_normal(n_clips).tolist()
        truths.append(truth)
        answers.append(answer)
    for path, rows in ((true, truths), (pred, answers)):
        write_text_atomic(path, "".join(json.dumps(row) + "\n" for row in rows))


def _windows(rng: np.random.Generator, count: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Random spans of a video (count, 2) in seconds."""
    return np.sort(rng.uniform(0, _DURATION_S, (count, 2)), axis=1)


def _median_s(call: Callable[[], object]) -> float:
    """Median seconds of three calls."""
    spent = []
    for _ in range(3):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return statistics.median(spent)
