"""The title of a training's table names the file of its split: benchmarks have more than one test split."""

from __future__ import annotations

from collections.abc import Callable

from spotvmr.report.summary import train_summary
from spotvmr.types.record import RunRecord


def test_the_title_names_the_annotation_file(make_record: Callable[..., RunRecord]) -> None:
    teacher, student = (make_record(annotations={"test": {"file": "val_1.json", "rows": 17505}}) for _ in range(2))
    assert "demo, test (val_1.json): 600 queries" in str(train_summary(teacher, student).title)


def test_a_record_without_the_file_names_the_split_alone(make_record: Callable[..., RunRecord]) -> None:
    assert "demo, test: 600 queries" in str(train_summary(make_record(), make_record()).title)
