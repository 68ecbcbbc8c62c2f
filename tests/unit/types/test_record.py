"""The run record: exact keys, round trip, refusals, whole files."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotvmr.errors import UserError
from spotvmr.system import files
from spotvmr.types.record import RunRecord, read_record, write_record

EXPERIMENTS = Path(__file__).parents[3] / "experiments"
PLAIN: dict[str, Any] = {
    "schema": 1,
    "name": "demo",
    "created": "2026-01-02T03:04:05+00:00",
    "git": "abc",
    "command": "spotvmr train",
    "seed": 0,
    "dataset": "demo",
    "split": "test",
    "n_queries": 600,
    "n_videos": 40,
    "hours": 6.7,
    "iou_rule": ">=",
    "model": "vslnet",
    "selector": "spotter",
    "budget": 0.1,
    "metrics": {"R1@0.3": 0.5, "mIoU": 0.25},
    "ci95": {"R1@0.3": [0.45, 0.55]},
    "selection": {"fraction_mean": 0.1, "fraction_p95": 0.1, "fraction_max": 0.1, "gt_clip_recall": 0.8},
    "cost": {
        "unit": "GFLOPs, 2 per multiply-add",
        "queries_per_video": 15,
        "stages": {
            "decode": {"seconds": 1.0, "frames": 5},
            "index": {"gflops": 1.0, "seconds": 2.0},
            "text": {"gflops": 1.0, "seconds": 2.0},
            "selection": {"gflops": 1.0, "seconds": 2.0},
            "expert": {"gflops": 1.0, "seconds": 2.0, "clips": 7},
            "model": {"gflops": 1.0, "seconds": 2.0},
        },
        "gflops_per_query": {"q1": 3.0, "q10": 2.0, "all": 1.0},
        "dense_gflops_per_query": {"q1": 30.0, "q10": 20.0, "all": 10.0},
        "ratio_to_dense": {"q1": 0.1, "q10": 0.1, "all": 0.1},
        "source": "measured",
    },
    "hardware": {"cpu": "x", "cores": 2, "gpu": None},
    "versions": {"torch": "2.14.1"},
    "config": {"seed": 0, "trainer": {"lr": 0.001}},
}
EXTRA = {
    "experiment": "main_job",
    "arm": "spotter",
    "groups": {"unseen_pair": {"n": 120, "R1@0.3": 0.4}},
    "annotations": {"test": {"file": "test.jsonl", "rows": 603, "queries": 600, "scored": 600, "clipped": 3}},
}


def broken(path: str, value: Any) -> dict[str, Any]:
    plain = copy.deepcopy(PLAIN)
    *parents, last = path.split("/")
    place = plain
    for key in parents:
        place = place[key]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return plain


@pytest.mark.parametrize("plain", [PLAIN, PLAIN | EXTRA])
def test_every_key_and_value_survives(plain: dict[str, Any], tmp_path: Path) -> None:
    record = RunRecord.from_json(plain)
    assert record.to_json() == plain
    write_record(record, tmp_path / "runs" / "demo" / "record.json")
    assert read_record(tmp_path / "runs" / "demo" / "record.json") == record
    assert json.loads((tmp_path / "runs/demo/record.json").read_text()) == plain


def test_nan_becomes_null_at_any_depth_and_none_in_memory(tmp_path: Path) -> None:
    record = replace(
        RunRecord.from_json(PLAIN),
        metrics={"R1@0.3": math.nan},
        ci95={"R1@0.3": (math.nan, math.inf)},
        config={"a": [{"b": -math.inf}]},
    )
    write_record(record, tmp_path / "record.json")
    text = (tmp_path / "record.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text
    again = read_record(tmp_path / "record.json")
    assert again.metrics == {"R1@0.3": None}
    assert again.ci95 == {"R1@0.3": (None, None)}
    assert again.config == {"a": [{"b": None}]}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema", 2, "schema 2 is not known, this version reads 1"),
        ("schema", KeyError, "schema None"),
        ("seed", KeyError, "missing seed"),
        ("cost", KeyError, "'cost' is missing"),
        ("cost/source", KeyError, "missing cost.source"),
        ("cost/source", "guessed", "'measured' or 'modelled'"),
        ("cost/stages/disk", {}, "unknown stage 'disk'"),
        ("cost/ratio_to_dense/q7", 1.0, "unknown level 'q7'"),
        ("selection/coverage", 1.0, "unknown selection.coverage"),
        ("extra", 1, "unknown extra"),
        ("budget", 1.5, r"budget must lie in \[0, 1\]"),
        ("budget", math.nan, "budget must lie"),
        ("iou_rule", "=>", "iou_rule"),
        ("ci95", {"mIoU": [1.0]}, "not a run record"),
        ("hardware", None, "'hardware' is missing"),
    ],
)
def test_a_broken_record_is_refused_by_name(path: str, value: Any, message: str) -> None:
    with pytest.raises(UserError, match=message) as error:
        RunRecord.from_json(broken(path, value), "here.json")
    assert str(error.value).startswith("here.json: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("seed", "abc", "seed must be a whole number, is 'abc'"),
        ("seed", True, "seed must be a whole number, is True"),
        ("n_queries", 1.5, "n_queries must be a whole number, is 1.5"),
        ("name", 3, "name must be text, is 3"),
        ("hours", "many", "hours must be a number or null, is 'many'"),
        ("metrics", "foo", "metrics must be an object, is 'foo'"),
        ("metrics/R1@0.3", "high", "metrics.R1@0.3 must be a number or null, is 'high'"),
        ("ci95", {"mIoU": ["a", 1.0]}, "ci95.mIoU must be two numbers or nulls, is ('a', 1.0)"),
        ("cost/gflops_per_query/q1", [], "cost.gflops_per_query.q1 must be a number or null, is []"),
        ("cost/stages/decode", 1.0, "cost.stages.decode must be an object, is 1.0"),
        ("selection/fraction_mean", "", "selection.fraction_mean must be a number or null, is ''"),
        ("hardware/cores", None, "hardware.cores must be a whole number, is None"),
        ("versions/torch", 2.14, "versions.torch must be text, is 2.14"),
        ("groups", {"plain": {"n": "x"}}, "groups.plain.n must be a number or null, is 'x'"),
        ("annotations", {"test": {"rows": [1]}}, "annotations.test.rows must be a whole number or text, is [1]"),
        ("control", 1, "control must be text or null, is 1"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(path: str, value: Any, message: str) -> None:
    with pytest.raises(UserError) as error:
        RunRecord.from_json(broken(path, value), "here.json")
    assert str(error.value) == f"here.json: not a run record: {message}"


def test_whole_numbers_and_nulls_stand_for_numbers() -> None:
    plain = broken("hours", 7) | {"metrics": {"R1@0.3": 1, "mIoU": None}}
    assert RunRecord.from_json(plain).to_json() == plain


def test_a_key_with_a_line_break_is_still_one_line() -> None:
    with pytest.raises(UserError, match="unknown a b"):
        RunRecord.from_json(PLAIN | {"a\nb": 1}, "here.json")


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*/results.jsonl")), ids=lambda path: path.parent.name)
def test_every_committed_record_is_read(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [RunRecord.from_json(json.loads(line)).to_json() for line in lines] == [json.loads(line) for line in lines]


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "null", '{"schema": 1}', "\x00"])
def test_a_file_that_is_no_record_is_one_line(content: str, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(content)
    with pytest.raises(UserError) as error:
        read_record(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(data=st.data(), value=_ANYTHING)
def test_a_record_with_anything_anywhere_is_read_or_one_line(data: st.DataObject, value: Any) -> None:
    content = copy.deepcopy(PLAIN)
    place: Any = content
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = value
    said = ""
    try:
        assert json.dumps(RunRecord.from_json(content, "here.json").to_json())
    except UserError as error:
        said = str(error)
    assert "\n" not in said


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read run record"):
        read_record(tmp_path / "no.json")


def test_a_full_disk_leaves_the_old_record_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "record.json"
    write_record(RunRecord.from_json(PLAIN), path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(UserError, match="no space left on the disk"):
        write_record(replace(RunRecord.from_json(PLAIN), name="new"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_may_be_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    write_record(RunRecord.from_json(PLAIN), path)
    plain = tmp_path / "plain"
    plain.write_text("")
    assert path.stat().st_mode == plain.stat().st_mode
