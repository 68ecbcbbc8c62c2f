"""Records are found at any depth; broken ones cost one warning each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spotvmr.errors import UserError
from spotvmr.report import load_records
from spotvmr.types.record import RunRecord, write_record


def test_finds_records_and_results_and_skips_the_rest(
    tmp_path: Path, make_record: Callable[..., RunRecord], caplog: pytest.LogCaptureFixture
) -> None:
    one, two, three = (make_record(name) for name in ("one", "two", "three"))
    write_record(one, tmp_path / "a" / "record.json")
    write_record(two, tmp_path / "b" / "deep" / "record.json")
    results = tmp_path / "c" / "results.jsonl"
    results.parent.mkdir()
    results.write_text(json.dumps(three.to_json()) + "\n\n{broken\n" + json.dumps({"schema": 99}) + "\n")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "record.json").write_text("[]")
    (tmp_path / "d" / "predictions.jsonl").write_text('{"qid": "1"}\n')
    (tmp_path / "e").mkdir()
    (tmp_path / "e" / "record.json").write_bytes(b"\xff\xfe")

    assert load_records(tmp_path) == [one, two, three]
    messages = [message for message in caplog.messages if message.startswith("skipped a run record")]
    assert len(messages) == 4
    assert "line 3" in messages[0]
    assert "schema 99" in messages[1]
    assert all("\n" not in message for message in messages)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder of run records"):
        load_records(tmp_path / "absent")
    assert load_records(tmp_path) == []
