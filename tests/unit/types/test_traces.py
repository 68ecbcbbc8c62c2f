"""traces.jsonl: round trip and refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from spotvmr.errors import UserError
from spotvmr.types.traces import Trace, read_traces, write_traces

TRACE = Trace("7", 12.5, 2.0, ((0, 6), (), (3,)), ((0.5, -1.25, 0.0), (1e-9, 2.0, 3.0)))


def test_round_trip_keeps_every_trace_in_order(tmp_path: Path) -> None:
    traces = [TRACE, replace(TRACE, qid="ü\u2028\n", scores=()), Trace("none", 1.0, 1.0, ())]
    write_traces(iter(traces), tmp_path / "new" / "traces.jsonl")
    assert read_traces(tmp_path / "new" / "traces.jsonl") == traces


def test_a_row_has_plain_names(tmp_path: Path) -> None:
    write_traces([TRACE], tmp_path / "t.jsonl")
    assert json.loads((tmp_path / "t.jsonl").read_text()) == {
        "qid": "7",
        "duration_s": 12.5,
        "clip_s": 2.0,
        "steps": [[0, 6], [], [3]],
        "scores": [[0.5, -1.25, 0.0], [1e-9, 2.0, 3.0]],
    }


def test_no_traces_are_an_empty_file(tmp_path: Path) -> None:
    write_traces([], tmp_path / "t.jsonl")
    assert (tmp_path / "t.jsonl").read_bytes() == b""
    assert read_traces(tmp_path / "t.jsonl") == []


@pytest.mark.parametrize(
    "row",
    [
        b"{",
        b"[]",
        b"3",
        b"\xff",
        b'{"qid": "7"}',
        b'{"qid": "7", "duration_s": 1, "clip_s": 1, "steps": 3, "scores": []}',
        b'{"qid": "7", "duration_s": 1, "clip_s": 1, "steps": [3], "scores": []}',
        b'{"qid": "7", "duration_s": 1, "clip_s": 1, "steps": [], "scores": [], "more": 1}',
    ],
)
def test_a_broken_row_is_one_line_that_names_the_file(tmp_path: Path, row: bytes) -> None:
    write_traces([TRACE], path := tmp_path / "t.jsonl")
    path.write_bytes(path.read_bytes() + row + b"\n")
    with pytest.raises(UserError, match=r"t\.jsonl holds a row that is no trace .*evaluate the run again") as caught:
        read_traces(path)
    assert len(str(caught.value).splitlines()) == 1


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read traces"):
        read_traces(tmp_path / "t.jsonl")
