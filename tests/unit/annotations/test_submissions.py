"""Submission files: what is read, what is refused, and what is written."""

from __future__ import annotations

import contextlib
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotvmr.annotations.submissions import match, read_submission, read_truths, write_submission
from spotvmr.errors import UserError
from spotvmr.types import Moment
from spotvmr.types.predictions import Prediction


def row(qid: object = 1, **fields: Any) -> dict[str, Any]:
    return {"qid": qid, "query": "x", "vid": "v", "pred_relevant_windows": [[0, 4, 0.5]], **fields}


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def challenge(path: Path, *results: dict[str, Any], **head: str) -> Path:
    content = {"version": "1.0", "challenge": "ego4d_nlq_challenge", **head, "results": results}
    path.write_text(json.dumps(content, indent=1))
    return path


def result(**fields: Any) -> dict[str, Any]:
    return {"clip_uid": "c", "annotation_uid": "a", "query_idx": 0, "predicted_times": [[0, 4]], **fields}


def ego4d(path: Path, *times: tuple[float | None, float | None]) -> Path:
    queries = [{"clip_start_sec": start, "clip_end_sec": end, "query": "x"} for start, end in times]
    clip = {"clip_uid": "c", "annotations": [{"annotation_uid": "a", "language_queries": queries}]}
    path.write_text(json.dumps({"version": "1", "videos": [{"clips": [clip]}]}))
    return path


def test_lines_and_challenge_give_spans_by_query(tmp_path: Path) -> None:
    answers = read_submission(lines(tmp_path / "p", row(7, pred_saliency_scores=[1, 2])), "qvhighlights")
    assert answers["7"].spans == [[0.0, 4.0, 0.5]]
    assert answers["7"].saliency == [1.0, 2.0]
    assert list(read_submission(lines(tmp_path / "p", row("a_1")), "charades")) == ["a_1"]
    assert read_submission(challenge(tmp_path / "p", result()), "ego4d-nlq")["c/a_0"].spans == [[0.0, 4.0]]


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"pred_relevant_windows": [[4, 0, 1]]}, "p:1 has a moment that ends before it starts"),
        ({"pred_relevant_windows": [[NAN, 1, 1]]}, "p:1 has nan where a finite number is needed"),
        ({"pred_relevant_windows": [[0, INF, 1]]}, "has inf where"),
        ({"pred_relevant_windows": [[0, 10**400, 1]]}, "where a finite number is needed"),
        ({"pred_relevant_windows": [[0, 1, True]]}, "has True where"),
        ({"pred_relevant_windows": [[0, 1]]}, r"needs \[start_s, end_s, score\]"),
        ({"pred_relevant_windows": [0, 1, 2]}, "has 0 as a moment"),
        ({"pred_relevant_windows": []}, "no window for query 1"),
        ({"pred_relevant_windows": "0-4"}, "as a list"),
        ({"pred_saliency_scores": []}, "empty"),
        ({"pred_saliency_scores": [0, NAN]}, "nan"),
        ({"qid": None}, '"qid"'),
    ],
)
def test_broken_lines(fields: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        read_submission(lines(tmp_path / "p", row(**fields)), "qvhighlights")


def test_a_query_twice_or_none_at_all(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="p:2 has query 1 a second time"):
        read_submission(lines(tmp_path / "p", row(1), row("1")), "jsonl")
    with pytest.raises(UserError, match="holds no prediction"):
        read_submission(lines(tmp_path / "p"), "jsonl")
    with pytest.raises(UserError, match="result 1 has query c/a_0 a second time"):
        read_submission(challenge(tmp_path / "p", result(), result()), "ego4d-nlq")


@pytest.mark.parametrize(
    ("make", "kind", "said"),
    [
        (lambda p: lines(p, row(), row(2)), "ego4d-nlq", "not JSON.*check predictions= and format="),
        (lambda p: challenge(p, result()), "qvhighlights", "predictions are JSON lines.*format="),
        (lambda p: ego4d(p, (0, 1)), "ego4d-nlq", "looks like annotations of ego4d-nlq: are .* swapped"),
        (lambda p: lines(p, row(duration=9, pred_relevant_windows=None)), "jsonl", "as a list"),
        (lambda p: challenge(p, result(), version="2"), "ego4d-nlq", '"version" must be "1.0"'),
    ],
)
def test_files_of_another_kind(make: Any, kind: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        read_submission(make(tmp_path / "p"), kind)


def test_swapped_files_are_named(tmp_path: Path) -> None:
    predictions, charades = lines(tmp_path / "p", row()), tmp_path / "charades_sta_test.txt"
    charades.write_text("3MSZA 24.3 30.4##person turn a light on.\n")
    for kind in ("ego4d-nlq", "qvhighlights", "jsonl", "tacos", "charades"):
        with pytest.raises(UserError, match="p holds predictions: are ground_truth= and predictions= swapped"):
            read_truths(predictions, kind, 2, 3)
    with pytest.raises(UserError, match="looks like charades: set format=charades"):
        read_truths(charades, "tacos", 2, 3)
    with pytest.raises(UserError, match=r"looks like annotations of charades: are .* swapped"):
        read_submission(charades, "charades")


def test_ego4d_truth_is_taken_as_it_is(tmp_path: Path) -> None:
    truths = read_truths(ego4d(tmp_path / "t", (0, 900), (5, 5), (7, 6)), "ego4d-nlq", 2, 3)
    assert {key: list(truth.spans) for key, truth in truths.items()} == {
        "c/a_0": [(0, 900)],
        "c/a_1": [(5, 5)],
        "c/a_2": [(7, 6)],
    }
    with pytest.raises(UserError, match="query c/a_0; a withheld truth cannot be scored"):
        read_truths(ego4d(tmp_path / "t", (None, None)), "ego4d-nlq", 2, 3)
    with pytest.raises(UserError, match="NaN or infinity as a time of query c/a_0"):
        read_truths(ego4d(tmp_path / "t", (0, NAN)), "ego4d-nlq", 2, 3)


def highlights(**fields: Any) -> dict[str, Any]:
    rated = {"relevant_clip_ids": [1], "saliency_scores": [[4, 2, 0]]}
    return {"qid": 1, "query": "x", "vid": "v", "duration": 7, "relevant_windows": [[2, 4]], **rated, **fields}


def test_ratings_of_every_clip(tmp_path: Path) -> None:
    truth = read_truths(lines(tmp_path / "t", highlights()), "qvhighlights", 2, 3)["1"]
    assert truth.ratings == [[0, 0, 0], [4, 2, 0], [0, 0, 0]]
    bare = read_truths(lines(tmp_path / "t", highlights(saliency_scores=None)), "qvhighlights", 2, 3)["1"]
    assert bare.ratings is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"relevant_clip_ids": [3]}, "rates clip 3 of a video of 3 clips"),
        ({"relevant_clip_ids": [1, 2]}, '2 "relevant_clip_ids" and 1 "saliency_scores"'),
        ({"saliency_scores": [[4, 2]]}, "needs 3 numbers from 0 to 4"),
        ({"saliency_scores": [[4, 2, 5]]}, "needs 3 numbers from 0 to 4"),
        ({"relevant_windows": []}, "withheld"),
        ({"duration": INF}, "duration of inf s"),
        ({"duration": NAN}, "duration of nan s"),
    ],
)
def test_broken_ratings(fields: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        read_truths(lines(tmp_path / "t", highlights(**fields)), "qvhighlights", 2, 3)


def test_unknown_and_missing_queries(tmp_path: Path) -> None:
    truths = read_truths(lines(tmp_path / "t", highlights(), highlights(qid=2)), "qvhighlights", 2, 3)
    answers = read_submission(lines(tmp_path / "p", row(2)), "qvhighlights")
    with pytest.raises(UserError, match=r"1 of 2 queries are answered \(1 missing, first 1\).*allow_partial=true"):
        match(answers, truths, allow_partial=False)
    found = match(answers, truths, allow_partial=True)
    assert (found.total, found.coverage, len(found.unanswered)) == (2, 0.5, 1)
    stranger = read_submission(lines(tmp_path / "p", row(1), row(9)), "qvhighlights")
    with pytest.raises(UserError, match="1 of 2 predictions are for queries that are not in the ground truth, first 9"):
        match(stranger, truths, allow_partial=True)


def answered(qid: str) -> Prediction:
    return Prediction(qid, "c", "a sentence", (Moment(1.0, 2.5, 0.75), Moment(0.0, 4.0, 0.5)))


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    write_submission([answered("a_b_12")], "ego4d-nlq", tmp_path / "s")
    assert json.loads((tmp_path / "s").read_text()) == {
        "version": "1.0",
        "challenge": "ego4d_nlq_challenge",
        "results": [
            {"clip_uid": "c", "annotation_uid": "a_b", "query_idx": 12, "predicted_times": [[1.0, 2.5], [0.0, 4.0]]}
        ],
    }
    assert read_submission(tmp_path / "s", "ego4d-nlq")["c/a_b_12"].spans == [[1.0, 2.5], [0.0, 4.0]]
    write_submission([answered("12")], "qvhighlights", tmp_path / "s")
    assert json.loads((tmp_path / "s").read_text()) == {
        "qid": 12,
        "query": "a sentence",
        "vid": "c",
        "pred_relevant_windows": [[1.0, 2.5, 0.75], [0.0, 4.0, 0.5]],
    }
    assert read_submission(tmp_path / "s", "qvhighlights")["12"].spans == [[1.0, 2.5, 0.75], [0.0, 4.0, 0.5]]


@pytest.mark.parametrize(
    ("kind", "qid", "said"),
    [
        ("charades", "a_0", "charades has no official submission file.*format=charades"),
        ("ego4d-nlq", "12", "no Ego4D query"),
        ("qvhighlights", "a_0", "no QVHighlights query"),
    ],
)
def test_what_cannot_be_written(kind: str, qid: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        write_submission([answered(qid)], kind, tmp_path / "s")
    assert not list(tmp_path.iterdir())


_NAMES = ["qid", "pred_relevant_windows", "pred_saliency_scores", "version", "results", "clip_uid", "annotation_uid"]
_NAMES += ["query_idx", "predicted_times", "videos", "clips", "annotations", "language_queries", "clip_start_sec"]
_NAMES += ["clip_end_sec", "relevant_windows", "duration", "relevant_clip_ids", "saliency_scores"]
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
_JSON = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=6)
)


@given(content=_JSON, kind=st.sampled_from(["ego4d-nlq", "qvhighlights", "charades", "tacos", "activitynet", "jsonl"]))
def test_any_json_gives_a_result_or_one_line(content: object, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any"
        head = {"version": "1.0", "challenge": "ego4d_nlq_challenge"}
        whole = {**head, **content} if isinstance(content, dict) else content
        path.write_text(json.dumps(whole))
        for read in (lambda: read_submission(path, kind), lambda: read_truths(path, kind, 2, 3)):
            with contextlib.suppress(UserError):
                read()
