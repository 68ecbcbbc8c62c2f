"""predictions.jsonl: field names, round trip, refusals."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotvmr.errors import UserError
from spotvmr.types.moment import Moment
from spotvmr.types.predictions import Prediction, read_predictions, write_predictions

ROW = Prediction(
    qid="7",
    video_id="v1",
    text='what "did" I\u2028put\ndown? ☕',
    moments=(Moment(1.5, 3.25, 0.9), Moment(10.0, 12.0, 0.1)),
    selected_clips=(1, 2, 10),
    truth=(Moment(1.0, 3.0),),
)


def test_rows_have_the_field_names_of_qvhighlights(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    write_predictions([ROW, replace(ROW, qid="8", truth=(), moments=())], path)
    first, second, end = path.read_text(encoding="utf-8").split("\n")
    assert json.loads(first) == {
        "qid": "7",
        "vid": "v1",
        "query": ROW.text,
        "pred_relevant_windows": [[1.5, 3.25, 0.9], [10.0, 12.0, 0.1]],
        "selected_clips": [1, 2, 10],
        "relevant_windows": [[1.0, 3.0]],
    }
    assert "relevant_windows" not in json.loads(second)
    assert end == ""


def test_round_trip_keeps_any_sentence(tmp_path: Path) -> None:
    rows = [ROW, replace(ROW, qid="8", text="", moments=(), selected_clips=(), truth=())]
    write_predictions(rows, tmp_path / "p.jsonl")
    assert read_predictions(tmp_path / "p.jsonl") == rows


def test_nan_is_refused_and_nothing_written(tmp_path: Path) -> None:
    for bad in (Moment(1.0, 2.0, math.nan), Moment(1.0, math.inf, 0.5)):
        with pytest.raises(ValueError, match="query 7"):
            write_predictions([ROW, replace(ROW, moments=(bad,))], tmp_path / "p.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "line",
    ["{", "[]", '{"qid": "1"}', '{"qid": 1, "vid": "v", "query": "q", "pred_relevant_windows": [[1, 2]]}'],
)
def test_a_broken_row_names_its_line(line: str, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(ROW.to_json()) + "\n" + line + "\n")
    with pytest.raises(UserError, match=r"p\.jsonl, line 2"):
        read_predictions(path)


def test_absent_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot read predictions"):
        read_predictions(tmp_path / "p.jsonl")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_ROWS = st.fixed_dictionaries(
    {},
    optional={
        name: _JSON | st.lists(st.lists(st.floats() | st.integers(), max_size=4), max_size=3)
        for name in ("qid", "vid", "query", "pred_relevant_windows", "selected_clips", "relevant_windows", "duration")
    },
)


@settings(deadline=None)
@given(
    content=st.lists(_JSON | _ROWS, max_size=3).map(lambda rows: "\n".join(map(json.dumps, rows)).encode())
    | st.binary()
)
def test_any_file_is_read_or_refused_in_one_line(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(content)
    said = ""
    try:
        read_predictions(path)
    except UserError as error:
        said = str(error)
    assert "\n" not in said
    assert not said or str(path) in said
