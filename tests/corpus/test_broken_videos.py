"""A few broken videos through probe, index pass and search; broken_videos.py tries as many as one likes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # test folders are no packages

from broken_videos import BREAKERS, SOURCES, Tester, make


@pytest.mark.skipif(not os.environ.get("SPOTVMR_SLOW"), reason="takes minutes; set SPOTVMR_SLOW=1")
@pytest.mark.timeout(3600)
def test_all_500_broken_videos_end_in_a_result_or_one_clear_line(tmp_path: Path) -> None:
    with Tester() as tester:
        outcomes = [tester.try_file(path) for path in make(tmp_path, 500)]
    assert len(outcomes) == 500
    assert [outcome for outcome in outcomes if outcome.fault] == []


@pytest.mark.slow
def test_every_broken_video_ends_in_a_result_or_one_clear_line(tmp_path: Path) -> None:
    every = make(tmp_path, len(SOURCES) * len(BREAKERS))
    # Each way of breaking once, each time another source.
    some = [path for number, path in enumerate(every) if number % (len(SOURCES) + 1) == 0]
    with Tester() as tester:
        outcomes = [tester.try_file(path) for path in some]
    assert len(outcomes) == len(BREAKERS)
    assert [outcome for outcome in outcomes if outcome.fault] == []


def test_the_same_seed_breaks_the_same_way(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for folder in (first, second):
        folder.mkdir()
    made = [[(path.name, path.read_bytes()) for path in make(folder, 3)] for folder in (first, second)]
    assert made[0] == made[1]
