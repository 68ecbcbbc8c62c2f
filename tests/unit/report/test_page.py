"""The page as a file: what is in it, that no sentence can break out of it, and what is left out."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spotvmr.errors import UserError
from spotvmr.metrics.functional import iou as reference
from spotvmr.report import write_page
from spotvmr.report.page.html import json_text, packed, page_html
from spotvmr.report.page.queries import SharedQueries, clip_runs, query_chunk
from spotvmr.report.page.scores import by_length, by_place, fractions, moment_iou
from spotvmr.types.moment import Moment
from spotvmr.types.predictions import Prediction, write_predictions
from spotvmr.types.record import RunRecord, write_record
from spotvmr.types.traces import Trace, write_traces

Make = Callable[..., RunRecord]
EVIL = "</script><script>alert(1)</script><!--"


def answer(qid: str = "0", start_s: float = 10.0, shift_s: float = 0.0, **more: Any) -> Prediction:
    values: dict[str, Any] = {
        "qid": qid, "video_id": "v", "text": "a query",
        "moments": (Moment(start_s + shift_s, start_s + shift_s + 4, 0.5),),
        "selected_clips": (1, 2), "truth": (Moment(start_s, start_s + 4),), "duration_s": 20.0,
    }  # fmt: skip
    return Prediction(**(values | more))


def block(page: str, name: str) -> Any:
    """What a block of the page holds, packed or not."""
    ((kind, found),) = re.findall(f'<script type="application/(json|gzip)" id="{name}">(.*?)</script>', page, re.DOTALL)
    return json.loads(found if kind == "json" else unpacked(found))


def unpacked(text: str) -> str:
    return gzip.decompress(base64.b64decode(text)).decode("utf-8")


def run_folder(folder: Path, record: RunRecord, answers: list[Prediction], traces: list[Trace]) -> None:
    write_predictions(answers, folder / "predictions.jsonl")
    write_traces(traces, folder / "traces.jsonl")
    write_record(record, folder / "record.json")


def test_the_page_holds_runs_charts_and_queries(tmp_path: Path, make_record: Make) -> None:
    record = make_record("one", config={"dataset": {"clip_s": 2.0}})
    trace = Trace("0", 20.0, 2.0, ((1,), (2,)), ((0.0, 1.0, float("-inf"), 0.5),))
    run_folder(tmp_path / "runs/one", record, [answer(), answer("1", shift_s=4.0)], [trace])
    write_record(make_record("two"), tmp_path / "runs/two/record.json")
    assert write_page(tmp_path / "runs", tmp_path / "page.html") == 2
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    one, two = block(page, "data")["runs"]
    assert (one["name"], one["stages"]["model"]) == ("one", [0.001667, 0.4])
    assert one["charts"] == {
        "length": [{"bin": "0–5", "n": 2, "recall": [0.5, 0.5]}],
        "place": [{"bin": "60–80", "n": 2, "recall": [0.5, 0.5]}],
        "fractions": {"step": 0.01, "counts": [0] * 19 + [2]},
    }
    assert "charts" not in two
    chunk = block(page, one["chunk"])
    assert (chunk["of"], chunk["iou"], chunk["clips"]) == (2, [1.0, 0.0], [[1, 2], [1, 2]])
    assert chunk["traces"]["0"]["steps"] == [[1, 1], [2, 1]]
    assert list(base64.b64decode(chunk["traces"]["0"]["score"]["levels"])) == [0, 255, 0, 128]
    assert block(page, "queries")[chunk["query"][1]] == ["1", "v", "a query", 20.0, [10.0, 14.0]]


def test_no_sentence_and_no_name_leaves_its_block(tmp_path: Path, make_record: Make) -> None:
    record = make_record(f'../../x"{EVIL}', command=EVIL, dataset=EVIL)
    run_folder(tmp_path / "runs/a", record, [answer(text=EVIL, video_id="../../etc")], [])
    clean = make_record("clean")
    run_folder(tmp_path / "other/a", clean, [answer()], [])
    for name in ("runs", "other"):
        write_page(tmp_path / name, tmp_path / name / "page.html")
    evil, plain = ((tmp_path / name / "page.html").read_text(encoding="utf-8") for name in ("runs", "other"))
    assert [evil.count(mark) for mark in ("<script", "</script>", "<!--")] == [
        plain.count(mark) for mark in ("<script", "</script>", "<!--")
    ]
    assert block(evil, "data")["runs"][0]["command"] == EVIL
    assert block(evil, "queries")[0][2] == EVIL
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["a", "page.html"]


def test_the_policy_names_the_scripts_and_allows_no_network() -> None:
    page = page_html({}, {}).decode()
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    (own,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    (plotly,) = re.findall(r'<script type="application/gzip" id="plotly">(.*?)</script>', page)
    for script in (own, unpacked(plotly)):
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    outside = page.replace(own, "")
    assert re.findall(r'(?:src|href)="(?!#)[^"]*"', outside) == []


def test_json_stands_in_a_script_block() -> None:
    text = json_text({"q": EVIL, "s": "\u2028é"})
    assert "<" not in text
    assert json.loads(text) == {"q": EVIL, "s": "\u2028é"}


def test_what_utf_8_cannot_hold_is_replaced() -> None:
    page = page_html({"name": "\ud800"}, {"queries": packed(json_text(["\ud800"]))}).decode()
    assert (block(page, "data"), block(page, "queries")) == ({"name": "?"}, ["?"])


def test_broken_files_beside_a_record_cost_a_warning(
    tmp_path: Path, make_record: Make, caplog: pytest.LogCaptureFixture
) -> None:
    write_record(make_record(metrics={"R1@0.3": None}), tmp_path / "a/record.json")
    (tmp_path / "a/predictions.jsonl").write_bytes(b"{broken\xff")
    write_page(tmp_path, tmp_path / "p.html")
    assert "left the queries of a run out of the page" in caplog.text
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="no run record below"):
        write_page(tmp_path / "empty", tmp_path / "q.html")


def test_iou_is_that_of_the_metrics() -> None:
    rng = random.Random(0)
    pairs = [sorted((rng.uniform(0, 9), rng.uniform(0, 9))) for _ in range(200)] + [[3.0, 3.0], [0.0, 3.0]]
    for one in pairs[:20] + pairs[-2:]:
        for other in pairs:
            wanted = reference(torch.tensor([one], dtype=torch.float64), torch.tensor([other], dtype=torch.float64))
            assert moment_iou(Moment(*one), Moment(*other)) == pytest.approx(float(wanted), abs=1e-12)


def test_recall_by_length_keeps_the_rule_and_the_borders() -> None:
    # An IoU of exactly 0.5: [10, 14) and [10, 12).
    half = answer(moments=(Moment(10, 12),))
    assert by_length([half], ">=")[0]["recall"] == [1.0, 1.0]
    assert by_length([half], ">")[0]["recall"] == [1.0, 0.0]
    lengths = [5.0, 5.1, 10.0, 151.0]
    rows = by_length([answer(truth=(Moment(0, length),)) for length in lengths], ">=")
    assert [(row["bin"], row["n"]) for row in rows] == [("0–5", 1), ("5–10", 2), ("> 150", 1)]
    assert by_length([answer(truth=())], ">=") == []


def test_recall_by_place_needs_durations() -> None:
    assert [row["bin"] for row in by_place([answer(start_s=s) for s in (0.0, 18.0)], ">=")] == ["0–20", "80–100"]
    assert by_place([answer(duration_s=None)], ">=") == []


def test_the_histogram_counts_every_query() -> None:
    found = fractions([answer(), answer(selected_clips=(1, 1)), answer(selected_clips=())], 1.0)
    assert found == {"step": pytest.approx(0.005), "counts": [1, *[0] * 9, 1, *[0] * 8, 1]}
    assert fractions([answer(duration_s=None)], 1.0) is None
    assert fractions([answer()], None) is None
    assert sum(fractions([answer(selected_clips=())], 1.0)["counts"]) == 1  # type: ignore[index]


def test_a_run_of_many_queries_keeps_those_with_traces() -> None:
    answers = [answer(str(number)) for number in range(2500)]
    trace = Trace("1777", 20.0, 1.0, ((1,),))
    chunk = query_chunk(answers, [trace], SharedQueries())
    assert chunk["of"] == 2500
    assert 990 <= len(chunk["query"]) <= 1000
    (place,) = chunk["traces"]
    assert place == sorted(chunk["query"]).index(chunk["query"][place])


def test_runs_share_sentences() -> None:
    shared = SharedQueries()
    for _ in range(2):
        query_chunk([answer("0"), answer("1")], [], shared)
    assert len(shared.rows) == 2
    query_chunk([answer("0", truth=())], [], shared)
    assert len(shared.rows) == 3


@pytest.mark.parametrize("clips", [[], [0], [0, 1, 2], [5, 3, 4, 9], [2, 2]])
def test_runs_of_clips_give_the_clips_back(clips: list[int]) -> None:
    runs, clip, found = clip_runs(clips), 0, []
    for passed, taken in zip(runs[::2], runs[1::2], strict=True):
        clip += passed
        found += range(clip, clip + taken)
        clip += taken
    assert found == sorted(set(clips))


def test_thumbnails_are_taken_from_the_runs_folder_alone(tmp_path: Path, make_record: Make) -> None:
    (tmp_path / "secret").mkdir()
    run = tmp_path / "runs/a"
    videos = {"v": b"\xff\xd8\xffpicture", "w": b"no picture"}
    for video, content in videos.items():
        (run / "thumbnails" / video).mkdir(parents=True)
        (run / "thumbnails" / video / "3.jpg").write_bytes(content)
    (tmp_path / "secret/3.jpg").write_bytes(b"\xff\xd8\xffsecret")
    names = ["v", "w", "../../../secret"]
    answers = [answer(str(number), video_id=name) for number, name in enumerate(names)]
    run_folder(run, make_record("a"), answers, [Trace(a.qid, 20.0, 1.0, ((1,),)) for a in answers])
    write_page(tmp_path / "runs", tmp_path / "p.html")
    chunk = block((tmp_path / "p.html").read_text(encoding="utf-8"), "run-0")
    assert chunk["thumbnails"] == {"v": {"3": base64.b64encode(videos["v"]).decode()}}
