"""The benchmark of decoding: rows of every backend that reads a video, and ratios within a round."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from spotvmr.benchmarks.speed import decode
from spotvmr.video import VideoWriter, installed_backends


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Three seconds, a key frame a second."""
    with VideoWriter(tmp_path / "v.mp4", 64, 48, 10) as writer:
        for number in range(30):
            writer.write(np.full((48, 64, 3), 8 * number, np.uint8))
    return tmp_path / "v.mp4"


def test_every_backend_is_timed_on_every_kind_of_reading(video: Path) -> None:
    rows = decode.decode_rows({"v": video}, rounds=1)
    times = {row["what"] for row in rows if row["unit"] == "ms/frame"}
    kinds = ("dense", "key frames", "scattered")
    assert times == {f"v, {kind}, {backend}" for kind in kinds for backend in installed_backends()}
    assert all(row["median"] > 0 for row in rows)


def test_a_ratio_is_taken_within_each_round() -> None:
    rounds = [{"pyav": 1.0, "decord": 3.0}, {"pyav": 10.0, "decord": 20.0}, {"pyav": 4.0, "decord": 20.0}]
    assert [(row["what"], row["median"], row["unit"]) for row in decode._rows("v, dense", rounds)] == [
        ("v, dense, pyav", 4.0, "ms/frame"),
        ("v, dense, decord", 20.0, "ms/frame"),
        ("v, dense, decord over pyav", 3.0, "times"),
    ]


@pytest.mark.skipif("decord" not in installed_backends(), reason="decord has wheels for x86-64 only")
def test_a_backend_that_refuses_a_video_is_left_out(
    video: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotvmr.video.decord_reader.decord_installed", lambda: False)
    with caplog.at_level(logging.WARNING):
        rows = decode.decode_rows({"v": video}, rounds=1)
    assert [row for row in rows if "decord" in row["what"]] == []
    assert "video.backend=decord" in caplog.text
