"""The videos of a data set: which files count, and two files of one id."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from spotvmr.assembly.data import Splits, find_videos, video_files
from spotvmr.config import compose
from spotvmr.errors import UserError
from spotvmr.types import Query
from spotvmr.types.names import VIDEO_SUFFIXES


def found(root: Path, *names: str) -> dict[str, Path]:
    """The files of the queries' videos ``a`` and ``b`` in a folder with files of these names."""
    for name in names:
        (root / name).touch()
    dataset = replace(compose([]).dataset, root=str(root), videos=".")
    queries = [Query(str(number), "open door", video, 60.0) for number, video in enumerate("ab")]
    return find_videos(dataset, Splits({"test": queries}, {}, {}))


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_every_suffix_counts_in_any_case(suffix: str, tmp_path: Path) -> None:
    assert found(tmp_path, f"a{suffix}", f"b{suffix.upper()}", "a.txt") == {
        "a": tmp_path / f"a{suffix}",
        "b": tmp_path / f"b{suffix.upper()}",
    }


def test_two_files_of_one_annotated_video_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"are video 'b': b\.mkv and b\.mp4; remove one"):
        found(tmp_path, "a.mp4", "b.mp4", "b.mkv")


def test_two_files_of_another_video_are_no_fault(tmp_path: Path) -> None:
    assert sorted(found(tmp_path, "a.mp4", "b.mp4", "c.mp4", "c.mkv")) == ["a", "b"]
    assert sorted(video_files(tmp_path)) == ["a", "b", "c"]
