"""Videos held out of training: always the same ones, never half a video."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotvmr.annotations import hold_out
from spotvmr.assembly.data import load_splits
from spotvmr.config import compose
from spotvmr.config.schema import DatasetConfig
from spotvmr.errors import UserError
from spotvmr.types import Query


def rows(n_videos: int, each: int = 3) -> list[Query]:
    """Queries, video after video."""
    return [Query(f"{v}_{n}", "x", f"video{v}", 60.0) for v in range(n_videos) for n in range(each)]


def names(queries: list[Query]) -> set[str]:
    return {query.video_id for query in queries}


@given(st.integers(3, 60), st.floats(0.01, 0.6))
def test_whole_videos_of_the_given_share(n_videos: int, share: float) -> None:
    queries = rows(n_videos)
    train, val = hold_out(queries, share)
    assert names(train).isdisjoint(names(val))
    assert sorted(q.qid for q in train + val) == sorted(q.qid for q in queries)
    assert len(names(val)) == max(1, round(share * n_videos))


def test_the_order_of_rows_does_not_matter() -> None:
    queries = rows(40)
    shuffled = random.Random(0).sample(queries, len(queries))
    assert names(hold_out(queries, 0.2)[1]) == names(hold_out(shuffled, 0.2)[1])


def test_the_choice_is_the_smallest_sha256_and_stays() -> None:
    # printf videoN | sha256sum | sort
    assert names(hold_out(rows(10), 0.2)[1]) == {"video0", "video8"}


def test_a_larger_share_holds_out_the_same_and_more() -> None:
    assert names(hold_out(rows(50), 0.1)[1]) < names(hold_out(rows(50), 0.3)[1])


@pytest.mark.parametrize(("n_videos", "share"), [(1, 0.1), (2, 0.9)])
def test_training_is_never_left_empty(n_videos: int, share: float) -> None:
    with pytest.raises(UserError, match=r"of \d training videos, which leaves none; set dataset.val=FILE"):
        hold_out(rows(n_videos), share)


def _written(folder: Path, **more: object) -> DatasetConfig:
    line = '{{"qid": "{0}", "query": "x", "vid": "{1}", "duration": 60, "relevant_windows": [[1, 2]]}}\n'
    lines = "".join(line.format(query.qid, query.video_id) for query in rows(10))
    for name in ("train", "test", "val"):
        (folder / f"{name}.jsonl").write_text(lines)
    return DatasetConfig(root=str(folder), **more)  # type: ignore[arg-type]


def test_a_data_set_without_validation_holds_it_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "spotvmr"):
        splits = load_splits(_written(tmp_path, val=None, val_share=0.2))
    assert (len(splits["train"]), len(splits["val"]), len(splits["test"])) == (24, 6, 30)
    assert splits.facts == {
        "train": {"file": "train.jsonl", "rows": 30, "queries": 30, "scored": 30, "held out": 6},
        "val": {"file": "train.jsonl", "rows": 6, "queries": 6, "scored": 6},
        "test": {"file": "test.jsonl", "rows": 30, "queries": 30, "scored": 30},
    }
    assert caplog.messages == [
        "demo train (train.jsonl): queries 30, scored 30, held out 6",
        "demo val (train.jsonl): queries 6, scored 6",
        "demo test (test.jsonl): queries 30, scored 30",
    ]


def test_a_validation_file_goes_before_the_share(tmp_path: Path) -> None:
    splits = load_splits(_written(tmp_path, val_share=0.2))
    assert [len(splits[name]) for name in ("train", "val", "test")] == [30, 30, 30]


def test_without_either_there_is_no_validation(tmp_path: Path) -> None:
    splits = load_splits(_written(tmp_path, val=None))
    assert (len(splits["train"]), splits["val"]) == (30, [])


@pytest.mark.parametrize("name", ["ego4d", "charades", "tacos", "activitynet", "qvhighlights", "mad"])
def test_no_benchmark_chooses_checkpoints_on_what_it_reports(name: str) -> None:
    dataset = compose([f"dataset={name}"]).dataset
    assert dataset.val != dataset.test
    assert (dataset.val is None) == (dataset.val_share > 0)


@pytest.mark.parametrize(
    ("name", "rule"),
    [("ego4d", ">"), ("mad", ">"), ("tacos", ">"), ("charades", ">="), ("activitynet", ">="), ("qvhighlights", ">=")],
)
def test_every_benchmark_has_its_iou_rule(name: str, rule: str) -> None:
    assert compose([f"dataset={name}"]).dataset.iou_rule == rule
