"""Which runs may be compared: every term that misleads tells them apart, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from spotvmr.report.comparable import differing, groups, heading, terms, why_apart
from spotvmr.types.record import Hardware, RunRecord

Make = Callable[..., RunRecord]


@pytest.mark.parametrize(
    ("term", "change"),
    [
        ("data set", {"dataset": "tacos"}),
        ("split", {"split": "val"}),
        ("queries", {"n_queries": 599}),
        ("IoU rule", {"iou_rule": ">"}),
        ("FLOP source", {"source": "modelled"}),
        ("data set version", {"annotations_digest": "89abcdef"}),
        ("data set version", {"config": {"dataset": {"world": {"seed": 8}}}}),
    ],
)
@pytest.mark.parametrize("axis", ["q1", "q10", "all", "seconds"])
def test_other_terms_are_another_group_on_every_axis(
    term: str, change: dict[str, Any], axis: str, make_record: Make
) -> None:
    found = groups([make_record("a"), make_record("b", **change)], axis)
    assert [len(group.members) for group in found] == [1, 1]
    assert list(differing(found)) == [term]
    assert why_apart(found).startswith(f"Not compared with one another: runs that differ in {term} (")


def test_another_flop_unit_is_another_group(make_record: Make) -> None:
    record = make_record()
    other = replace(record, cost=replace(record.cost, unit="GFLOPs, 1 per multiply-add"))
    assert list(differing(groups([record, other]))) == ["FLOP unit"]


def test_hardware_matters_for_seconds_alone(make_record: Make) -> None:
    pair = [make_record("a"), make_record("b", hardware=Hardware("Some CPU", 2, "Some GPU"))]
    assert [len(groups(pair, axis)) for axis in ("q1", "q10", "all", "seconds")] == [1, 1, 1, 2]
    assert differing(groups(pair, "seconds")) == {"hardware": ["Some CPU, 2 cores", "Some CPU, 2 cores, Some GPU"]}


def test_sharing_matters_where_queries_share_a_video(make_record: Make) -> None:
    record = make_record()
    other = replace(record, cost=replace(record.cost, queries_per_video=3.0))
    assert [len(groups([record, other], axis)) for axis in ("q1", "q10", "all", "seconds")] == [1, 2, 2, 1]
    assert differing(groups([record, other], "all")) == {"queries a video": ["15", "3"]}


def test_what_is_compared_keeps_runs_together(make_record: Make) -> None:
    folder = {"dataset": {"root": "here", "clip_s": 1.0}}, {"dataset": {"root": "there", "clip_s": 2.0}}
    runs = [
        make_record("a", config=folder[0]),
        make_record("b", "random", 0.3, seed=3, model="qd_detr", config=folder[1], experiment="x", arm="y"),
    ]
    (group,) = groups(runs)
    assert list(group.members) == runs
    assert why_apart([group]) == ""


def test_the_digest_of_annotations_outweighs_settings(make_record: Make) -> None:
    made = [make_record(annotations_digest="01234567", config={"dataset": {"world": {"seed": s}}}) for s in (1, 2)]
    assert len(groups(made)) == 1
    assert terms(made[0])["data set version"] == "annotations 01234567"


def test_versions_are_named_only_where_one_data_set_has_several(make_record: Make) -> None:
    film = make_record("f", dataset="film", annotations_digest="aaaaaaaa")
    old, new = make_record("o", annotations_digest="bbbbbbbb"), make_record("n", annotations_digest="cccccccc")
    assert list(differing(groups([film, old]))) == ["data set"]
    found = groups([film, old, new])
    assert list(differing(found)) == ["data set", "data set version"]
    assert "data set version annotations aaaaaaaa" in heading(found[-1], differing(found))
