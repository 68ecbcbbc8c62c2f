"""Every benchmark's format gives the same queries, meets the same policies, and the published counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks import DURATION_S, QIDS, READERS, VIDEO, WRITERS, Sentence
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spotvmr.annotations import read_activitynet, read_charades, read_ego4d_nlq, read_jsonl, read_mad, read_tacos
from spotvmr.errors import UserError
from spotvmr.types import Moment, Query

NAMES = sorted(READERS)
JSON_NAMES = sorted(set(NAMES) - {"charades"})


@pytest.mark.parametrize("name", NAMES)
def test_a_clean_row(name: str, tmp_path: Path) -> None:
    queries, report = READERS[name](WRITERS[name](tmp_path, Sentence()))
    text = "a person opens the door."
    assert queries == [Query(QIDS[name], text, VIDEO, DURATION_S, (Moment(1.0, 4.5),))]
    assert report.summary() == "queries 1, scored 1"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("row", "moment", "counted"),
    [
        (Sentence(end_s=61.5), (1.0, 60.0), "clipped"),
        (Sentence(start_s=-1.0), (0.0, 4.5), "clipped"),
        (Sentence(start_s=4.5), (4.5, 4.5), "zero-length"),
        (Sentence(start_s=5.0), None, "reversed"),
        (Sentence(start_s=61.0, end_s=62.0), None, "outside"),
        (Sentence(start_s=float("nan")), None, "NaN"),
        (Sentence(end_s=float("inf")), None, "NaN"),
        (Sentence(text=""), None, "empty query"),
        (Sentence(text=" "), None, "empty query"),
        (Sentence(text=None), None, "empty query"),
    ],
)
def test_dirty_rows_meet_the_same_policy_in_every_format(
    name: str, row: Sentence, moment: tuple[float, float] | None, counted: str, tmp_path: Path
) -> None:
    queries, report = READERS[name](WRITERS[name](tmp_path, Sentence("clean"), row))
    assert report.counts == {counted: 1}
    assert [[(m.start_s, m.end_s) for m in query.moments] for query in queries[1:]] == ([[moment]] if moment else [])
    assert report.to_json() == {"rows": 2, "queries": len(queries), "scored": len(queries), counted: 1}


@pytest.mark.parametrize("name", NAMES)
def test_a_video_of_unknown_length_is_counted(name: str, tmp_path: Path) -> None:
    nothing = {"fps": float("nan")} if name == "tacos" else {"duration": float("nan")}
    with pytest.raises(UserError, match=r"no usable query \(1 rows; queries 0, scored 0, dropped 1 \(NaN 1\)\)"):
        READERS[name](WRITERS[name](tmp_path, Sentence(), **nothing))


@pytest.mark.parametrize("name", JSON_NAMES)
@pytest.mark.parametrize("length", [0, -3.0, "60", None, True])
def test_a_length_that_is_none_is_refused(name: str, length: object, tmp_path: Path) -> None:
    given_length = {"fps": length} if name == "tacos" else {"duration": length}
    with pytest.raises(UserError, match=r"(needs \"\w+\" in |not after its)") as caught:
        READERS[name](WRITERS[name](tmp_path, Sentence(), **given_length))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("row", [Sentence(start_s="one"), Sentence(start_s=None), Sentence(end_s=True)])
def test_times_that_are_no_numbers_are_refused(name: str, row: Sentence, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"(needs .*(start|relevant_windows)|VIDEO start_s end_s##sentence)"):
        READERS[name](WRITERS[name](tmp_path, row))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_not_utf8_is_refused(name: str, tmp_path: Path) -> None:
    path = WRITERS[name](tmp_path, Sentence())
    path.write_bytes(path.read_bytes().replace(b"person", b"p\xe9rson"))
    with pytest.raises(UserError, match=r"is not UTF-8 \(.*\); save the file as UTF-8"):
        READERS[name](path)


@pytest.mark.parametrize("name", JSON_NAMES)
def test_half_characters_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is not valid Unicode \(lone surrogate\); correct the encoding"):
        READERS[name](WRITERS[name](tmp_path, Sentence("a \ud800 door")))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"annotation file .*absent.* cannot be read"):
        READERS[name](tmp_path / "absent")


@pytest.mark.parametrize("name", sorted(set(JSON_NAMES) - {"qvhighlights"}))
def test_an_entry_given_twice_is_refused_since_json_would_keep_the_last_alone(name: str, tmp_path: Path) -> None:
    path = WRITERS[name](tmp_path, Sentence())
    body = path.read_text()[1:-1]
    path.write_text(f"{{{body}, {body}}}")
    with pytest.raises(UserError, match=r"has the key '.*' twice"):
        READERS[name](path)


# What one format has and others have not


def test_tacos_times_are_frames(tmp_path: Path) -> None:
    content = {
        "s1-d2.avi": {"fps": 29.4, "num_frames": 12438, "timestamps": [[224, 358]], "sentences": ["takes a pan"]}
    }
    path = tmp_path / "train.json"
    path.write_text(json.dumps(content))
    (query,), _ = read_tacos(path)
    assert query == Query("s1-d2_0", "takes a pan", "s1-d2", 12438 / 29.4, (Moment(224 / 29.4, 358 / 29.4),))


@pytest.mark.parametrize("name", ["activitynet", "tacos"])
def test_sentences_and_times_come_in_pairs(name: str, tmp_path: Path) -> None:
    path = WRITERS[name](tmp_path, Sentence(), Sentence())
    path.write_text(path.read_text().replace('"a person opens the door.", ', ""))
    with pytest.raises(UserError, match=r'1 "sentences" and 2 "timestamps"; each needs the other'):
        READERS[name](path)


def test_ego4d_queries_without_truth_are_kept(tmp_path: Path) -> None:
    path = WRITERS["ego4d-nlq"](tmp_path, Sentence(), Sentence("where is it?", None, None))
    queries, report = read_ego4d_nlq(path)
    assert [query.qid for query in queries] == ["a1_0", "a1_1"]
    assert queries[1].moments == ()
    assert report.summary() == "queries 2, scored 1, without truth 1"


def test_ego4d_query_ids_count_empty_queries_too(tmp_path: Path) -> None:
    rows = [Sentence(), Sentence(""), Sentence("where is it?")]
    queries, _ = read_ego4d_nlq(WRITERS["ego4d-nlq"](tmp_path, *rows))
    assert [query.qid for query in queries] == ["a1_0", "a1_2"]


def test_ego4d_annotation_given_twice(tmp_path: Path) -> None:
    path = WRITERS["ego4d-nlq"](tmp_path, Sentence())
    content = json.loads(path.read_text())
    content["videos"][0]["clips"][0]["annotations"] *= 2
    path.write_text(json.dumps(content))
    assert read_ego4d_nlq(path)[1].counts == {"duplicate qid": 1}


def test_ego4d_summary_names_what_cannot_be_hit(tmp_path: Path) -> None:
    rows = [Sentence() if n % 3874 >= 345 else Sentence(end_s=1.0) for n in range(3874)]
    _, report = read_ego4d_nlq(WRITERS["ego4d-nlq"](tmp_path, *rows))
    assert report.summary() == "queries 3874, scored 3874, zero-length 345"


def test_charades_ids_count_the_sentences_of_a_video(tmp_path: Path) -> None:
    path = WRITERS["charades"](tmp_path, Sentence(), Sentence("closes ## it"))
    queries, _ = read_charades(path)
    assert [(query.qid, query.text) for query in queries] == [
        ("v1_0", "a person opens the door."),
        ("v1_1", "closes ## it"),
    ]


def test_charades_video_without_a_length(tmp_path: Path) -> None:
    path = WRITERS["charades"](tmp_path, Sentence())
    path.write_text(path.read_text() + "v2 1.0 2.0##sits down\n")
    assert read_charades(path)[1].summary() == "queries 1, scored 1, dropped 1 (unknown video 1)"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, r"no Charades_v1_\*\.csv beside .*put Charades_v1_train\.csv"),
        (b"video,seconds\nv1,60\n", r"Charades_v1_train\.csv needs the columns id and length"),
        (b"id,length\nv1,long\n", r"Charades_v1_train\.csv needs the columns id and length"),
        (b"id,length\nv1\n", r"no usable query .*NaN 1"),
        (b"id,length\nv1,\xff\n", "is not UTF-8"),
        (b'id,length\nv1,"' + b"x" * 200_000, "needs the columns id and length"),
    ],
)
def test_charades_tables_of_lengths(table: bytes | None, message: str, tmp_path: Path) -> None:
    path = WRITERS["charades"](tmp_path, Sentence())
    lengths = tmp_path / "Charades_v1_train.csv"
    lengths.unlink() if table is None else lengths.write_bytes(table)
    with pytest.raises(UserError, match=message):
        read_charades(path)


@pytest.mark.parametrize("line", ["", "v1 1.0 2.0", "v1 1.0##x", "v1 a b##x", "v1 1 2 3##x", "##"])
def test_charades_lines(line: str, tmp_path: Path) -> None:
    path = WRITERS["charades"](tmp_path, Sentence())
    path.write_text(f"{path.read_text()}{line or '-'}\n")
    with pytest.raises(UserError, match=r"charades\.txt:2 is '.*', needs 'VIDEO start_s end_s##sentence'"):
        read_charades(path)


# Anything at all

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
_KEYS = st.sampled_from(
    [
        *("videos", "clips", "clip_uid", "video_start_sec", "video_end_sec", "annotations", "annotation_uid", "query"),
        *("language_queries", "clip_start_sec", "clip_end_sec", "duration", "timestamps", "sentences", "sentence"),
        *("fps", "num_frames", "movie", "movie_duration", "v1", "qid", "vid", "relevant_windows"),
    ]
)
_ANYTHING = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=25
)


@pytest.mark.parametrize("name", NAMES)
@given(content=_ANYTHING)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_ends_in_queries_or_one_line(name: str, tmp_path: Path, content: Any) -> None:
    (path := tmp_path / "any").write_text(json.dumps(content))
    _sound(READERS[name], path)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_in_a_row_ends_in_queries_or_one_line(name: str, tmp_path: Path, data: st.DataObject) -> None:
    values = st.floats(-10, 200) | st.integers() | _ANYTHING
    row = Sentence(data.draw(_SCALARS | st.text()), data.draw(values), data.draw(values))
    if name == "charades":
        row = Sentence(*(str(value).replace("\n", " ").encode("utf-8", "replace").decode() for value in row))
    _sound(READERS[name], WRITERS[name](tmp_path, Sentence("clean"), row))


def _sound(read: Any, path: Path) -> None:
    """What every reader promises."""
    try:
        queries, report = read(path)
    except UserError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017 - either end is right
        return
    assert len({query.qid for query in queries}) == len(queries) == report.n_queries
    for query in queries:
        assert query.text
        assert all(0 <= m.start_s <= m.end_s <= query.duration_s for m in query.moments)


# The published files


@pytest.mark.parametrize(
    ("read", "file", "n_rows", "summary"),
    [
        (
            read_charades,
            "charades_sta/charades_sta_train.txt",
            12_408,
            "queries 12404, scored 12404, clipped 1802, dropped 4 (reversed 4)",
        ),
        (read_charades, "charades_sta/charades_sta_test.txt", 3_720, "queries 3720, scored 3720, clipped 562"),
        (
            read_activitynet,
            "activitynet/train.json",
            37_421,
            "queries 37419, scored 37419, clipped 261, zero-length 2, dropped 2 (reversed 2)",
        ),
        (read_activitynet, "activitynet/val.json", 17_505, "queries 17505, scored 17505, clipped 134"),
        (read_tacos, "tacos/train.json", 9_790, "queries 9790, scored 9790, clipped 43"),
        (read_tacos, "tacos/val.json", 4_436, "queries 4436, scored 4436"),
        (read_jsonl, "qvhighlights/highlight_train_release.jsonl", 7_218, "queries 7218, scored 7218"),
        (read_jsonl, "qvhighlights/highlight_val_release.jsonl", 1_550, "queries 1550, scored 1550"),
        (
            read_ego4d_nlq,
            "ego4d_nlq_schema/ground_truth.json",
            319,
            "queries 310, scored 310, zero-length 16, dropped 9 (empty query 9)",
        ),
    ],
)
def test_counts_of_published_files(read: Any, file: str, n_rows: int, summary: str, real: Path) -> None:
    _, report = read(real / file)
    assert (report.n_rows, report.summary()) == (n_rows, summary)


def test_mad_ids_are_its_keys(tmp_path: Path) -> None:
    path = tmp_path / "MAD_val.json"
    entry = {"movie": "0001_Film", "movie_duration": 7200.5, "timestamps": [3599.2, 3603.0], "sentence": "She waves."}
    path.write_text(json.dumps({"98765": entry}))
    assert read_mad(path)[0] == [Query("98765", "She waves.", "0001_Film", 7200.5, (Moment(3599.2, 3603.0),))]
