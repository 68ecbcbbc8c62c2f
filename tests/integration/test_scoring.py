"""``spotvmr evaluate`` on files: published scores to the digit, and a run's own answers as a submission."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spotvmr.cli.main import main

SHARED = Path(__file__).parents[3] / "shared" / "data"
Score = Callable[..., dict[str, Any]]


@pytest.fixture
def published() -> Path:
    """The benchmarks' own files; absent ones skip the test, except on CI, where they must be there."""
    if not SHARED.is_dir():
        reason = f"the benchmarks' files are not at {SHARED}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return SHARED


@pytest.fixture
def score(capsys: pytest.CaptureFixture[str]) -> Score:
    """Run ``spotvmr evaluate`` with ``--json``."""

    def run(**options: object) -> dict[str, Any]:
        capsys.readouterr()
        assert main(["evaluate", *(f"{name}={value}" for name, value in options.items()), "--json"]) == 0
        result: dict[str, Any] = json.loads(capsys.readouterr().out)
        return result

    return run


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line of a command that must fail with exit code 2."""
    assert main(["evaluate", *words]) == 2
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_qvhighlights_to_the_printed_digits(published: Path, score: Score) -> None:
    folder = published / "qvhighlights"
    expected = json.loads((folder / "sample_val_preds_metrics_raw.json").read_text())
    found = score(
        format="qvhighlights",
        ground_truth=folder / "highlight_val_release.jsonl",
        predictions=folder / "sample_val_preds.jsonl",
    )
    assert (found["n"], found["coverage"], found["partial"]) == (1550, 1.0, False)
    assert {name: found["official"][name] for name in expected} == expected
    assert {name: found["official"][name] for name in expected["brief"]} == expected["brief"]


def test_ego4d_to_twelve_digits(published: Path, score: Score, capsys: pytest.CaptureFixture[str]) -> None:
    folder = published / "ego4d_nlq_schema"
    expected = json.loads((folder / "expected.json").read_text())
    words = {
        "format": "ego4d-nlq",
        "ground_truth": folder / "ground_truth.json",
        "predictions": folder / "predictions.json",
    }
    line = complaint(capsys, *(f"{name}={value}" for name, value in words.items()))
    assert "partial submission: 305 of 319 queries" in line
    found = score(**words, allow_partial="true")
    assert (found["n"], found["n_ground_truth"]) == (expected["queries_submitted"], expected["queries_in_ground_truth"])
    assert found["coverage"] == 305 / 319
    assert found["partial"] is True
    assert found["official"] == pytest.approx(expected["official"], abs=1e-12)
    # Unanswered queries and those of no length are missed: the same hits over more and over fewer queries.
    hits = expected["official"]["R5@0.3"] * 305
    assert found["n_hittable"] == 319 - expected["zero_length"]
    assert found["official_all"]["R5@0.3"] == pytest.approx(hits / 319, abs=1e-12)
    assert found["official_hittable"]["R5@0.3"] == pytest.approx(hits / 303, abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "file"),
    [
        ("charades", "charades_sta/charades_sta_test.txt"),
        ("tacos", "tacos/val.json"),
        ("activitynet", "activitynet/val.json"),
    ],
)
def test_the_truth_itself_scores_one(kind: str, file: str, published: Path, score: Score, tmp_path: Path) -> None:
    from spotvmr.annotations.submissions import read_truths

    truths = read_truths(published / file, kind, 2, 3)
    rows = [{"qid": qid, "pred_relevant_windows": [[*truth.spans[0], 1.0]]} for qid, truth in truths.items()]
    predictions = tmp_path / "predictions.jsonl"
    predictions.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = score(format=kind, ground_truth=published / file, predictions=predictions)
    hittable = sum(truth.spans[0][0] < truth.spans[0][1] for truth in truths.values()) / len(truths)
    assert found["n"] == len(truths)
    assert set(found["official"].values()) == {hittable}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["format=ego4d"], "did you mean 'ego4d-nlq'?"),
        (["format=tacos"], "needs ground_truth=FILE and predictions=FILE"),
        (["format=tacos", "ground_truth=absent", "predictions=absent"], "no file ground_truth=absent"),
        (["predictions=p.jsonl"], "format= is none of ego4d-nlq"),
        (["format=tacos", "run=runs/x"], "run= are about a run"),
        (["format=tacos", f"ground_truth={__file__}", f"predictions={__file__}", "allow_partial=2"], "neither true"),
    ],
)
def test_wrong_words(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in complaint(capsys, *words)


def test_a_table_with_a_clear_last_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = {"query": "x", "vid": "v", "duration": 20, "relevant_windows": [[0, 10]]}
    (tmp_path / "t").write_text("".join(json.dumps({"qid": qid, **truth}) + "\n" for qid in "ab"))
    (tmp_path / "p").write_text('{"qid": "a", "pred_relevant_windows": [[0, 5]]}\n')
    words = ["evaluate", "format=jsonl", f"ground_truth={tmp_path}/t", f"predictions={tmp_path}/p"]
    assert main([*words, "allow_partial=true"]) == 0
    shown = capsys.readouterr().out.strip().splitlines()
    assert any("R1@0.5" in line and "1.0000" in line for line in shown)
    assert shown[-1] == ("jsonl: 1 of 2 queries scored, coverage 50.0 %; PARTIAL, not comparable with published scores")
    assert main([*words, "allow_partial=true", "dataset.iou_rule='>'", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["official"]["R1@0.5"] == 0.0


def test_the_predictions_of_a_run_give_its_metrics(
    small: list[str], home: Path, score: Score, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *small, "name=scored"]) == 0
    record = json.loads((home / "runs" / "scored" / "record.json").read_text())
    found = score(
        format="jsonl",
        ground_truth=home / "data" / "demo" / "test.jsonl",
        predictions=home / "runs" / "scored" / "predictions.jsonl",
    )
    assert found["official"] == pytest.approx(record["metrics"], abs=1e-12)
    assert found["n"] == record["n_queries"]
    line = complaint(capsys, f"paths.runs={home}/runs", "name=scored", f"submission={home}/s.json")
    assert "jsonl has no official submission file" in line


TIMES_S = {1: (2.0, 14.0), 2: (10.0, 31.0), 3: None}
"""Moment of each query; the truth of the last is withheld."""


def qvhighlights(path: Path, qids: list[int]) -> Path:
    rows = []
    for qid in qids:
        window, clip_ids = TIMES_S[qid], [1, 2]
        truth = {} if window is None else {"relevant_windows": [window], "relevant_clip_ids": clip_ids}
        rated = {} if window is None else {"saliency_scores": [[4, 4, 4]] * 2}
        rows.append({"qid": qid, "query": "picks up a cup", "vid": "film", "duration": 60, **truth, **rated})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def ego4d(path: Path, qids: list[int]) -> Path:
    times = [TIMES_S[qid] or (None, None) for qid in qids]
    queries = [{"query": "Where is the cup?", "clip_start_sec": start, "clip_end_sec": end} for start, end in times]
    annotation = {"annotation_uid": "a", "language_queries": queries}
    clip = {"clip_uid": "film", "video_start_sec": 30, "video_end_sec": 90, "annotations": [annotation]}
    path.write_text(json.dumps({"version": "1", "videos": [{"video_uid": "v", "clips": [clip]}]}))
    return path


@pytest.mark.parametrize(
    ("kind", "write", "rule", "names"),
    [
        ("qvhighlights", qvhighlights, ">=", {"R1@0.5": "MR-full-R1@0.5", "R1@0.7": "MR-full-R1@0.7"}),
        ("ego4d-nlq", ego4d, ">", {name: name for name in ("R1@0.3", "R1@0.5", "R5@0.5", "mIoU")}),
    ],
)
def test_a_submission_scores_as_its_run(
    kind: str,
    write: Callable[[Path, list[int]], Path],
    rule: str,
    names: dict[str, str],
    small: list[str],
    tmp_path: Path,
    score: Score,
) -> None:
    from spotvmr.assembly import make_world
    from spotvmr.config import compose

    config = compose(small)
    make_world(config)
    (tmp_path / "videos").mkdir()
    shutil.copy(Path(config.dataset.root) / "videos" / "test_0000.mp4", tmp_path / "videos" / "film.mp4")
    known = write(tmp_path / "known", [1, 2])
    write(tmp_path / "hidden", [1, 2, 3])
    card = tmp_path / "own.yaml"
    card.write_text(
        f"root: {tmp_path}\nformat: {kind}\niou_rule: '{rule}'\n"
        "train: known\nval: known\ntest: hidden\nvideos: videos\n"
    )
    kept = [word for word in small if not word.startswith(("dataset.", "paths."))]
    places = [f"paths.{place}={tmp_path}/{place}" for place in ("data", "features", "runs")]
    assert main(["train", f"dataset={card}", "name=own", *kept, *places]) == 0
    run, file = tmp_path / "runs" / "own", tmp_path / "submission"
    written = score(run=run, submission=file)
    assert written == {"submission": str(file), "format": kind, "n": 3}

    answers = file.read_text()
    if kind == "qvhighlights":  # score the queries whose truth is known
        file.write_text("".join(line + "\n" for line in answers.splitlines() if json.loads(line)["qid"] != 3))
    else:
        content = json.loads(answers)
        content["results"] = [result for result in content["results"] if result["query_idx"] != 2]
        file.write_text(json.dumps(content))
    found = score(format=kind, ground_truth=known, predictions=file)
    metrics = json.loads((run / "record.json").read_text())["metrics"]
    scale = 100 if kind == "qvhighlights" else 1
    assert {ours: found["official"][theirs] / scale for ours, theirs in names.items()} == pytest.approx(
        {ours: metrics[ours] for ours in names}, abs=1e-9
    )
