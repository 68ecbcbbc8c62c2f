"""The cache: whole or absent, shared, limited, and never in the way."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from spotvmr.retrieval.cache.video_cache import FILE, ClipTimings, VideoCache, default_folder

DIM = 8


def row(value: float) -> np.ndarray:
    return np.full(DIM, value, np.float16)


def frames(start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(start, start + count, dtype=np.float64), np.tile(
        np.arange(start, start + count), (DIM, 1)
    ).T.astype(np.float16)


def test_what_is_kept_comes_back_in_another_process(tmp_path: Path) -> None:
    cache = VideoCache(tmp_path)
    cache.add_clips("v", "k", {3: row(1.5), 7: row(2.5)})
    cache.add_index("v", "k", 0, *frames(0, 4))
    cache.add_index("v", "k", 4, *frames(4, 2))
    cache.finish_index("v", "k", 6)
    cache.add_timings("v", "k", ClipTimings(10, 0.5, 2, 0.25))
    cache.add_timings("v", "k", ClipTimings(10, 0.5, 2, 0.25))
    other = VideoCache(tmp_path)
    found = other.clips("v", "k", [1, 3, 7], DIM)
    assert {clip: float(features[0]) for clip, features in found.items()} == {3: 1.5, 7: 2.5}
    times_s, features, whole = other.index("v", "k", DIM)
    assert times_s.tolist() == features[:, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert whole
    assert other.timings("v", "k") == ClipTimings(20, 1.0, 4, 0.5)


def test_other_videos_and_settings_are_apart(tmp_path: Path) -> None:
    cache = VideoCache(tmp_path)
    cache.add_clips("v", "k", {3: row(1)})
    assert cache.clips("w", "k", [3], DIM) == cache.clips("v", "other", [3], DIM) == {}


def test_an_unfinished_index_is_not_whole(tmp_path: Path) -> None:
    cache = VideoCache(tmp_path)
    cache.add_index("v", "k", 0, *frames(0, 4))
    assert cache.index("v", "k", DIM)[2] is False


def test_an_index_with_a_gap_ends_before_it(tmp_path: Path) -> None:
    cache = VideoCache(tmp_path)
    cache.add_index("v", "k", 0, *frames(0, 4))
    cache.add_index("v", "k", 9, *frames(9, 2))
    cache.finish_index("v", "k", 11)
    times_s, _, whole = cache.index("v", "k", DIM)
    assert (times_s.tolist(), whole) == ([0, 1, 2, 3], False)


def test_videos_not_used_for_longest_go_as_a_whole(tmp_path: Path) -> None:
    size = 64 + 2 * DIM
    cache = VideoCache(tmp_path, limit_bytes=10 * size)
    for video in ("a", "b"):
        cache.add_clips(video, "k", {clip: row(clip) for clip in range(4)})
    cache.touch("a")
    cache.add_clips("c", "k", {clip: row(clip) for clip in range(4)})
    assert [len(cache.clips(video, "k", range(4), DIM)) for video in "abc"] == [4, 0, 4]
    assert cache.size_bytes() <= cache.limit_bytes


def test_the_limit_holds_for_one_video_alone(tmp_path: Path) -> None:
    cache = VideoCache(tmp_path, limit_bytes=1000)
    for clip in range(100):
        cache.add_clips("v", "k", {clip: row(clip)})
        assert cache.size_bytes() <= 1000


@pytest.mark.parametrize("content", [b"this is no database\n" * 100, b"SQLite format 3\0" + bytes(range(256)) * 40])
def test_a_damaged_file_is_made_anew(content: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / FILE).write_bytes(content)
    cache = VideoCache(tmp_path)
    cache.add_clips("v", "k", {1: row(1)})
    assert len(VideoCache(tmp_path).clips("v", "k", [1], DIM)) == 1
    assert "damaged" in caplog.text


def test_a_cache_of_another_version_is_made_anew(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("CREATE TABLE clips (something TEXT)")
        db.execute("PRAGMA user_version = 99")
    db.close()
    cache = VideoCache(tmp_path)
    cache.add_clips("v", "k", {1: row(1)})
    assert len(VideoCache(tmp_path).clips("v", "k", [1], DIM)) == 1


def test_a_folder_that_cannot_be_written_costs_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = VideoCache(tmp_path / "file" / "cache")
    cache.add_clips("v", "k", {1: row(1)})
    with cache.indexing("v"):
        assert len(cache.clips("v", "k", [1], DIM)) == 1
    assert caplog.text.count("cannot be used") == 1


def test_a_file_that_breaks_later_costs_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    cache = VideoCache(tmp_path)
    cache.add_clips("v", "k", {1: row(1)})
    cache._tables.do(lambda db: db.execute("DROP TABLE clips"))
    cache.add_clips("v", "k", {2: row(2)})
    assert list(cache.clips("v", "k", [1, 2], DIM)) == [2]
    assert caplog.text.count("cannot be used") == 1


def writer(folder: Path, count: int) -> subprocess.Popen[bytes]:
    """Another process that writes ``count`` clips."""
    script = Path(__file__).with_name("cache_process.py")
    return subprocess.Popen([sys.executable, script, folder, str(count)], stdout=subprocess.PIPE)


def test_several_processes_write_one_video_at_once(tmp_path: Path) -> None:
    workers = [writer(tmp_path, 40) for _ in range(2)]
    assert [worker.communicate(timeout=240)[0].count(b"\n") for worker in workers] == [20, 20]
    assert len(VideoCache(tmp_path).clips("v", "k", range(40), DIM)) == 40


def test_a_killed_writer_leaves_whole_transactions(tmp_path: Path) -> None:
    with writer(tmp_path, 1_000_000) as worker:
        assert worker.stdout is not None
        written = [int(worker.stdout.readline()) for _ in range(20)]
        worker.kill()
    found = VideoCache(tmp_path).clips("v", "k", range(10_000), DIM)
    assert len(found) >= 2 * len(written)
    assert len(found) % 2 == 0
    assert all(bool((features == clip // 2 * 2 % 100).all()) for clip, features in found.items())


def test_the_folder_is_the_users_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTVMR_CACHE", "/elsewhere")
    assert default_folder() == Path("/elsewhere")
    monkeypatch.delenv("SPOTVMR_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/users/cache")
    assert default_folder() == Path("/users/cache/spotvmr")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_folder() == Path.home() / ".cache" / "spotvmr"


def test_a_clip_that_is_stored_twice_counts_once(tmp_path: Path) -> None:
    cache = VideoCache(tmp_path)
    for _ in range(2):
        cache.add_clips("v", "k", {1: row(1)})
        assert cache.size_bytes() == 64 + 2 * DIM
    for count in (4, 6):
        cache.add_index("v", "k", 0, *frames(0, count))
        assert cache.size_bytes() == 2 * 64 + 2 * DIM + count * (8 + 2 * DIM)


def test_use_after_close_is_an_error_and_keeps_the_file(tmp_path: Path) -> None:
    cache = VideoCache(tmp_path)
    cache.add_clips("v", "k", {1: row(1)})
    cache.close()
    with pytest.raises(sqlite3.ProgrammingError):
        cache.touch("v")
    assert len(VideoCache(tmp_path).clips("v", "k", [1], DIM)) == 1


def test_a_wrong_statement_is_an_error_and_keeps_the_file(tmp_path: Path) -> None:
    cache = VideoCache(tmp_path)
    cache.add_clips("v", "k", {1: row(1)})
    with pytest.raises(sqlite3.IntegrityError):
        cache._tables.do(lambda db: db.execute("INSERT INTO videos VALUES ('v', NULL, 0)"))
    assert len(VideoCache(tmp_path).clips("v", "k", [1], DIM)) == 1


def test_a_file_that_is_damaged_later_is_removed_for_the_next_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = VideoCache(tmp_path)
    for clip in range(200):
        cache.add_clips("v", "k", {clip: row(clip)})
    damaged = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(damaged[:24] + b"\xff" * (len(damaged) - 24))
    cache.add_clips("v", "k", {1: row(1)})
    assert caplog.text.count("cannot be used") == 1
    assert not (tmp_path / FILE).exists()


def test_the_lock_of_an_index_pass_is_removed(tmp_path: Path) -> None:
    cache = VideoCache(tmp_path)
    with cache.indexing("v"):
        assert (tmp_path / "v.lock").exists()
    assert not (tmp_path / "v.lock").exists()


def test_one_process_at_a_time_indexes_a_video(tmp_path: Path) -> None:
    inside, most = [], []

    def index() -> None:
        for _ in range(20):
            with VideoCache(tmp_path).indexing("v"):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    threads = [threading.Thread(target=index) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert (len(most), max(most)) == (80, 1)
