"""Small frames of the clips that a dashboard shows."""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from spotvmr.evaluation.thumbnails import write_thumbnails
from spotvmr.types import Moment, Query
from spotvmr.types.predictions import Prediction
from spotvmr.types.thumbnails import MAX_RUN_BYTES
from spotvmr.video import VideoWriter


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 s at 10 frames a second; clip n is of grey 10 n, but for its first and last frame, which are white."""
    path = tmp_path_factory.mktemp("videos") / "v.mp4"
    with VideoWriter(path, 320, 180, 10) as out:
        for frame in range(200):
            grey = 255 if frame % 10 in (0, 9) else frame // 10 * 10
            out.write(np.full((180, 320, 3), grey, np.uint8))
    return path


def write(folder: Path, videos: Mapping[str, Path], queries: int = 1) -> dict[str, bytes]:
    """Write those of queries whose truth begins in clip 3, whose answer in clip 7, and that chose clips 1 to 15."""
    truth, moments, chosen = (Moment(3.4, 5.0),), (Moment(7.2, 9.0, 0.9), Moment(15.0, 16.0)), tuple(range(1, 16))
    asked = [Query(str(number), "open the box", "v", 20.0, truth) for number in range(queries)]
    answers = [Prediction(query.qid, "v", query.text, moments, chosen, truth, 20.0) for query in asked]
    write_thumbnails(folder, videos, asked, answers, 1.0)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


def test_shows_the_middle_of_where_truth_and_answer_begin_and_of_chosen_clips(tmp_path: Path, video: Path) -> None:
    files = write(tmp_path, {"v": video}, queries=2)
    assert set(files) == {f"thumbnails/v/{clip}.jpg" for clip in (1, 3, 7, 8)}
    for name, content in files.items():
        picture = np.asarray(Image.open(io.BytesIO(content)))
        assert picture.shape == (90, 160, 3)
        assert picture.mean() == pytest.approx(10 * int(Path(name).stem), abs=4)


def test_those_of_an_earlier_evaluation_go(tmp_path: Path, video: Path) -> None:
    old = tmp_path / "thumbnails/w/3.jpg"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    write(tmp_path, {"v": video})
    assert not old.exists()


def test_imported_features_have_none(tmp_path: Path) -> None:
    assert write(tmp_path, {}) == {}


def test_a_video_that_cannot_be_read_is_said_in_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    broken = tmp_path / "videos/v.mp4"
    broken.parent.mkdir()
    broken.write_bytes(b"no video")
    with caplog.at_level(logging.WARNING):
        assert write(tmp_path / "run", {"v": broken}) == {}
    [line] = caplog.messages
    assert "no thumbnails" in line
    assert str(broken) in line


def test_truths_come_first_where_there_is_no_room_for_all(
    tmp_path: Path, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write(tmp_path / "all", {"v": video})
    assert sum(map(len, files.values())) <= MAX_RUN_BYTES
    monkeypatch.setattr("spotvmr.evaluation.thumbnails.MAX_RUN_BYTES", len(files["thumbnails/v/3.jpg"]))
    assert set(write(tmp_path / "few", {"v": video})) == {"thumbnails/v/3.jpg"}
