"""The generic format: every dirty row meets its policy, every broken file one clear line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotvmr.annotations import missing_videos, read_jsonl, require_videos
from spotvmr.errors import UserError
from spotvmr.types import Moment, Query

CLEAN: dict[str, Any] = {
    "qid": 7,
    "query": " Where is the mug? ",
    "vid": "v1",
    "duration": 60,
    "relevant_windows": [[1, 4.5]],
}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    """A file of rows that differ from the clean one; qids are numbered unless given."""
    lines = [json.dumps({**CLEAN, "qid": number, **row}) for number, row in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_clean_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"qid": 7, "tags": ["unseen_pair"], "saliency_scores": [1]})
    queries, report = read_jsonl(path)
    assert queries == [Query("7", "Where is the mug?", "v1", 60.0, (Moment(1.0, 4.5),), ("unseen_pair",))]
    assert (report.n_rows, report.n_queries, report.counts) == (1, 1, {})
    assert report.summary() == "queries 1, scored 1"


@pytest.mark.parametrize(
    ("row", "moments", "counts"),
    [
        ({"relevant_windows": [[50, 61]]}, [(50, 60)], {"clipped": 1}),
        ({"relevant_windows": [[-1, 3]]}, [(0, 3)], {"clipped": 1}),
        ({"relevant_windows": [[5, 5]]}, [(5, 5)], {"zero-length": 1}),
        ({"relevant_windows": [[60, 60]]}, [(60, 60)], {"zero-length": 1}),
        ({"relevant_windows": []}, [], {"without truth": 1}),
        ({"relevant_windows": None}, [], {"without truth": 1}),
        ({"relevant_windows": [[9, 5], [1, 2]]}, [(1, 2)], {"moments dropped": 1}),
        ({"relevant_windows": [[1, 2], [70, 80], [59, 61]]}, [(1, 2), (59, 60)], {"clipped": 1, "moments dropped": 1}),
    ],
)
def test_rows_that_stay(
    tmp_path: Path, row: dict[str, Any], moments: list[tuple[float, float]], counts: dict[str, int]
) -> None:
    (query,), report = read_jsonl(write(tmp_path / "a.jsonl", row))
    assert [(m.start_s, m.end_s) for m in query.moments] == moments
    assert report.counts == counts


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"query": ""}, "empty query"),
        ({"query": " \t"}, "empty query"),
        ({"query": None}, "empty query"),
        ({"relevant_windows": [[5, 4]]}, "reversed"),
        ({"relevant_windows": [[61, 62]]}, "outside"),
        ({"relevant_windows": [[60, 62]]}, "outside"),
        ({"relevant_windows": [[-3, -1]]}, "outside"),
        ({"relevant_windows": [[float("nan"), 4]]}, "NaN"),
        ({"relevant_windows": [[1, float("inf")]]}, "NaN"),
        ({"relevant_windows": [[1, 10**400]]}, "NaN"),
        ({"duration": float("nan")}, "NaN"),
        ({"qid": 0}, "duplicate qid"),
        ({"qid": "0"}, "duplicate qid"),
    ],
)
def test_rows_that_go(tmp_path: Path, row: dict[str, Any], reason: str) -> None:
    queries, report = read_jsonl(write(tmp_path / "a.jsonl", {"query": "first"}, row))
    assert [query.text for query in queries] == ["first"]
    assert report.counts == {reason: 1}
    assert report.summary() == f"queries 1, scored 1, dropped 1 ({reason} 1)"


def test_the_summary_of_a_mixed_file(tmp_path: Path) -> None:
    late, empty, back = {"relevant_windows": [[50, 99]]}, {"query": ""}, {"relevant_windows": [[3, 2]]}
    _, report = read_jsonl(write(tmp_path / "a.jsonl", {}, late, late, empty, back, empty))
    assert (report.n_rows, report.n_queries) == (6, 3)
    assert report.summary() == "queries 3, scored 3, clipped 2, dropped 3 (empty query 2, reversed 1)"


def test_a_row_dropped_for_itself_does_not_use_up_its_qid(tmp_path: Path) -> None:
    queries, _ = read_jsonl(write(tmp_path / "a.jsonl", {"qid": 1, "query": ""}, {"qid": 1, "query": "second"}))
    assert [query.text for query in queries] == ["second"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"duration": None}, r'needs "duration" in seconds, above 0, has nothing'),
        ({"duration": 0}, "above 0, has 0"),
        ({"duration": "60"}, "has '60'"),
        ({"duration": True}, "has True"),
        ({"qid": None}, '"qid"'),
        ({"qid": 1.5}, '"qid"'),
        ({"vid": None}, '"vid"'),
        ({"vid": ""}, '"vid"'),
        ({"query": 3}, '"query" as a string'),
        ({"relevant_windows": [1, 2]}, r"\[\[start_s, end_s\], …\], has \[1, 2\]"),
        ({"relevant_windows": [[1, 2, 3]]}, "relevant_windows"),
        ({"relevant_windows": [[1, None]]}, "relevant_windows"),
        ({"relevant_windows": {"a": 1}}, "relevant_windows"),
        ({"tags": "x"}, '"tags"'),
        ({"tags": [1]}, '"tags"'),
    ],
)
def test_what_is_not_the_format_is_refused_with_its_line(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_jsonl(write(tmp_path / "a.jsonl", {}, row))
    assert "a.jsonl:2 " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "video_id", ["../../x", "..", ".", "/etc/passwd", "a/b", "a\\b", "a\0", "a\nb", "x" * 201, "\ud800"]
)
@pytest.mark.parametrize("query", ["where?", ""])
def test_no_video_id_leads_out_of_its_folder(tmp_path: Path, video_id: str, query: str) -> None:
    path = write(tmp_path / "a.jsonl", {}, {"vid": video_id, "query": query})
    with pytest.raises(UserError, match=r"a\.jsonl:2 needs a plain name as video: video id .* rename") as caught:
        read_jsonl(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_video_id_may_hold_dots_and_spaces(tmp_path: Path) -> None:
    queries, _ = read_jsonl(write(tmp_path / "a.jsonl", {"vid": "..a b"}, {"vid": "film.2024 ü"}, {"vid": 12}))
    assert [query.video_id for query in queries] == ["..a b", "film.2024 ü", "12"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"qid": \xff}', r"a\.jsonl:3 is not UTF-8"),
        (b"{nonsense", r"a\.jsonl:3 is not JSON"),
        (b"[" * 100_000, r"a\.jsonl:3 is not JSON"),
        (b"[1, 2]", r"a\.jsonl:3 holds list, not an object"),
        (b'{"qid": 1, "qid": 2}', r"a\.jsonl:3 is not JSON \(an object has the key 'qid' twice\)"),
    ],
)
def test_broken_lines(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json.dumps(CLEAN).encode() + b"\n\n" + content + b"\n")
    with pytest.raises(UserError, match=message):
        read_jsonl(path)


def test_files_without_queries(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(UserError, match="no usable query"):
        read_jsonl(tmp_path / "empty.jsonl")
    with pytest.raises(UserError, match=r"1 rows; queries 0, scored 0, dropped 1 \(empty query 1\)"):
        read_jsonl(write(tmp_path / "blank.jsonl", {"query": ""}))
    for absent in (tmp_path / "absent.jsonl", tmp_path):
        with pytest.raises(UserError, match=r"annotation file .* cannot be read"):
            read_jsonl(absent)


def test_windows_line_ends_and_byte_order_marks(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(CLEAN).encode() + b"\r\n\r\n")
    assert read_jsonl(path)[1].n_queries == 1


def test_line_separators_inside_a_sentence_do_not_split_it(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({**CLEAN, "query": "one\u2028two\x85three"}, ensure_ascii=False), encoding="utf-8")
    assert read_jsonl(path)[0][0].text == "one\u2028two\x85three"


_NUMBERS = st.one_of(st.floats(), st.integers(), st.none())
_ROWS = st.fixed_dictionaries(
    {},
    optional={
        "qid": st.one_of(st.integers(0, 5), st.text(max_size=3), st.none()),
        "query": st.one_of(st.text(max_size=5), st.integers(), st.none()),
        "vid": st.one_of(st.text(max_size=5), st.integers()),
        "duration": st.one_of(st.floats(0.1, 1e4), _NUMBERS),
        "relevant_windows": st.lists(st.lists(st.one_of(st.floats(-10, 200), _NUMBERS), min_size=1, max_size=3)),
    },
)


@given(st.lists(_ROWS, max_size=4))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_rows_end_in_sound_queries_or_one_line(tmp_path: Path, rows: list[dict[str, Any]]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(CLEAN | row) for row in rows))
    try:
        queries, report = read_jsonl(path)
    except UserError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - either end is right
        return
    assert len({query.qid for query in queries}) == len(queries) == report.n_queries
    for query in queries:
        assert query.text
        assert all(0 <= m.start_s <= m.end_s <= query.duration_s for m in query.moments)


def test_videos_that_are_not_there() -> None:
    queries = [Query(str(n), "x", video_id, 1.0) for n, video_id in enumerate("abcabdee")]
    assert missing_videos(queries, {"a", "c"}) == ["b", "d", "e"]
    assert missing_videos(queries, set("abcdef")) == []
    require_videos(queries, set("abcdef"), "the folder")
    with pytest.raises(UserError, match="3 annotated videos are not in videos/, first b, d, e; 5 of 8 queries"):
        require_videos(queries, {"a", "c"}, "videos/")
