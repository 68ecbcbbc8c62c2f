"""Decoding under a watchdog: a video that crashes or hangs the decoder costs itself alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from torch import Tensor

from spotvmr.assembly import build_encoders
from spotvmr.config import compose
from spotvmr.errors import UserError
from spotvmr.extraction import decoding
from spotvmr.extraction.decoding import Chunk, Failure, watched
from spotvmr.extraction.encoding import Encoded, Recipe, encoded, on_this_machine
from spotvmr.extraction.indexing import extract
from spotvmr.features import FeatureStore
from spotvmr.video import VideoWriter


@pytest.fixture
def videos(tmp_path: Path) -> dict[str, Path]:
    """Three videos of 4 s."""
    paths = {name: tmp_path / f"{name}.mp4" for name in ("first", "bad", "last")}
    for number, path in enumerate(paths.values()):
        with VideoWriter(path, 160, 90, 10) as writer:
            for frame in range(40):
                writer.write(np.full((90, 160, 3), 40 * number + frame, np.uint8))
    return paths


def spoil(monkeypatch: pytest.MonkeyPatch, fault: Callable[[], object]) -> None:
    """Let a fault happen in the worker at the second clip of the video ``bad``."""
    whole = decoding.stream_clips

    def spoilt(path: Path, *arguments: Any) -> Iterator[Any]:
        for clip, frames in whole(path, *arguments):
            if path.stem == "bad" and clip == 1:
                fault()
            yield clip, frames

    monkeypatch.setattr(decoding, "stream_clips", spoilt)


def no_memory() -> None:
    raise MemoryError


FAULTS = {
    "crashes the decoder": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "gives no clip within 3 s": lambda: time.sleep(600),
    "no memory": no_memory,
}


@pytest.mark.parametrize("said", FAULTS)
def test_a_bad_video_costs_itself_alone(said: str, videos: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    spoil(monkeypatch, FAULTS[said])
    monkeypatch.setattr(decoding, "STUCK_S", 3)
    clips: dict[str, dict[int, int]] = {}
    failures = []
    for item in watched(videos, 1.0, 2, 2):
        if isinstance(item, Failure):
            failures.append(item)
        else:
            assert isinstance(item, Chunk)
            clips.setdefault(item.video_id, {})[item.start] = len(item.pixels)
    assert [failure.video_id for failure in failures] == ["bad"]
    assert said in failures[0].message
    assert str(videos["bad"]) in failures[0].message
    assert clips["first"] == clips["last"] == {0: 2, 2: 2}


def test_without_room_in_shared_memory_pixels_go_through_a_pipe(
    videos: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Docker gives a container 64 MB of shared memory; what arrives is the same."""

    def pixels() -> list[torch.Tensor]:
        chunks = list(watched(videos, 1.0, 2, 2))
        assert all(isinstance(chunk, Chunk) for chunk in chunks)
        return [chunk.pixels for chunk in chunks if isinstance(chunk, Chunk)]

    shared = pixels()
    monkeypatch.setattr(decoding, "_SHARED", tmp_path)
    monkeypatch.setattr(decoding.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 64 << 10}))
    piped = pixels()
    assert len(piped) == len(shared) == 6
    assert all(torch.equal(one, other) for one, other in zip(piped, shared, strict=True))
    assert decoding._fits_shared_memory(16_000)
    assert not decoding._fits_shared_memory(17_000)


def test_the_backend_of_the_recipe_decodes(tmp_path: Path) -> None:
    """A file that it does not read exactly is a failure of that video, with the line of the backend."""
    path = tmp_path / "old.avi"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")))
        out.mux(stream.encode(None))
    index = build_encoders(compose())[0]
    with pytest.raises(UserError, match=r"^video.backend=decord"):
        extract({"old": path}, Recipe({tmp_path / "store": index}, 1.0, 64, "cpu", "decord"), on_this_machine())
    extract({"old": path}, Recipe({tmp_path / "store": index}, 1.0, 64, "cpu", "pyav"), on_this_machine())


def test_a_fault_of_ours_is_raised(videos: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def fault() -> None:
        raise RuntimeError("ours")

    spoil(monkeypatch, fault)
    with pytest.raises(RuntimeError, match="ours"):
        list(watched(videos, 1.0, 2, 2))


def test_the_others_are_kept_and_the_report_names_every_skipped_one(videos: dict[str, Path], tmp_path: Path) -> None:
    good = videos["bad"].read_bytes()
    videos["bad"].write_bytes(good[:300])
    index = build_encoders(compose())[0]
    store = tmp_path / "store"
    with pytest.raises(UserError) as caught:
        extract(videos, Recipe({store: index}, 1.0, 64, "cpu"), on_this_machine(workers=2))
    assert caught.value.result is not None
    assert caught.value.result["done"] == 2
    assert list(caught.value.result["skipped"]) == ["bad"]
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(caught.value.result["skipped"]["bad"])
    assert "2 of 3 videos are kept" in line
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("store.parts/*.part")}
    assert len(kept) == 2
    videos["bad"].write_bytes(good)
    extract(videos, Recipe({store: index}, 1.0, 64, "cpu"), on_this_machine(workers=2))
    assert FeatureStore.open(store).video_ids == tuple(videos)


@pytest.mark.parametrize(("batch", "chunk"), [(1, 64), (16, 64), (20, 60), (64, 64), (100, 100)])
def test_chunks_are_whole_batches(batch: int, chunk: int) -> None:
    assert Recipe({}, 1.0, batch, "cpu").chunk_clips == chunk


def test_a_chunk_is_encoded_batch_by_batch(tmp_path: Path) -> None:
    index, sizes = build_encoders(compose())[0], []

    class Telling:
        spec = index.spec

        def __call__(self, frames: Tensor) -> Tensor:
            sizes.append(len(frames))
            return index(frames)

    pixels = torch.randint(255, (40, 1, 90, 160, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    chunk = Chunk("one", 40.0, 0, pixels, 0.0, last=True)
    store = tmp_path / "store"
    (video,) = encoded([chunk], Recipe({store: Telling()}, 1.0, 16, "cpu"))  # type: ignore[dict-item]
    assert sizes == [16, 16, 8]
    assert isinstance(video, Encoded)
    (whole,) = encoded([chunk], Recipe({store: index}, 1.0, 64, "cpu"))
    assert isinstance(whole, Encoded)
    np.testing.assert_allclose(video.features[store], whole.features[store], atol=1e-5)
