"""Videos that are shorter than their annotations: said, and their moments clipped or dropped."""

from __future__ import annotations

import pytest

from spotvmr.annotations import AnnotationReport, fit_to_videos
from spotvmr.assembly import Splits
from spotvmr.types import Moment, Query


def query(qid: str, *moments: tuple[float, float], video: str = "cut") -> Query:
    return Query(qid, "a door", video, 60.0, tuple(Moment(*moment) for moment in moments))


QUERIES = [
    query("inside", (1.0, 5.0)),
    query("across", (28.0, 33.0)),
    query("past", (30.0, 34.0)),
    query("both", (2.0, 4.0), (40.0, 44.0)),
    query("withheld"),
    query("whole", (50.0, 55.0), video="whole"),
]
LENGTHS_S = {"cut": 30.0, "whole": 59.2}


def test_moments_past_the_end_are_clipped_or_dropped_and_counted() -> None:
    kept, counts = fit_to_videos(QUERIES, LENGTHS_S, slack_s=1.0)
    assert {q.qid: [(m.start_s, m.end_s) for m in q.moments] for q in kept} == {
        "inside": [(1.0, 5.0)],
        "across": [(28.0, 30.0)],
        "both": [(2.0, 4.0)],
        "withheld": [],
        "whole": [(50.0, 55.0)],
    }
    assert [q.duration_s for q in kept] == [30.0, 30.0, 30.0, 30.0, 60.0]
    assert counts == {"clipped to video": 1, "moments dropped": 1, "past the video": 1}


def test_a_length_that_is_only_rounded_changes_nothing() -> None:
    assert fit_to_videos(QUERIES, {"cut": 59.0, "whole": 61.0}, slack_s=1.0) == (QUERIES, {})


def test_splits_say_which_video_is_shorter_and_count_it_in_the_report(caplog: pytest.LogCaptureFixture) -> None:
    report = AnnotationReport(6, 6, {"without truth": 1})
    splits = Splits({"test": QUERIES}, {"test": report}, {"test": "test.jsonl"}).fitted(LENGTHS_S, 1.0)
    assert len(splits.by_name["test"]) == 5
    assert splits.facts["test"] == {
        "file": "test.jsonl",
        "rows": 6,
        "queries": 5,
        "scored": 4,
        "without truth": 1,
        "clipped to video": 1,
        "moments dropped": 1,
        "past the video": 1,
    }
    assert splits.reports["test"].summary().endswith("dropped 1 (past the video 1)")
    assert "test: 1 videos are shorter than annotated, first cut (30.0 of 60.0 s)" in caplog.text


def test_splits_of_whole_videos_stay_as_they_are() -> None:
    splits = Splits({"test": QUERIES}, {"test": AnnotationReport(6, 6)}, {"test": "test.jsonl"})
    assert splits.fitted({"cut": 60.0, "whole": 60.0}, 1.0) == splits
