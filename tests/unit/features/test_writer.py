"""Writing: resumed after a kill, extended later, whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.features import FeatureStore, StoreKey, StoreWriter
from spotvmr.features.parts import parts_folder, write_part

KEY = StoreKey("tiny", "a1b2", "resize 90x160", 1.0, 1, {"room": 3, "object": 5})
OTHER = replace(KEY, weights_hash="ffff")


def features_of(video_id: str, clips: int = 6) -> NDArray[np.float32]:
    """Numbers that fp16 holds exactly and that differ between videos."""
    return (np.arange(clips * 8).reshape(clips, 8) + ord(video_id[0])).astype(np.float32)


def write(path: Path, *video_ids: str, key: StoreKey = KEY) -> list[str]:
    """Index videos as an index run does; returns those that were computed."""
    computed = []
    with StoreWriter(path, key) as writer:
        for video_id in video_ids:
            if not writer.done(video_id):
                writer.add(video_id, features_of(video_id), 5.5)
                computed.append(video_id)
        writer.finish(video_ids)
    return computed


def content(path: Path) -> dict[str, bytes]:
    """Every file of a store but its lock."""
    return {p.name: p.read_bytes() for p in path.iterdir() if p.name != ".lock"}


def test_a_second_run_computes_nothing_and_changes_nothing(tmp_path: Path) -> None:
    assert write(tmp_path / "s", "a", "b") == ["a", "b"]
    before = content(tmp_path / "s")
    assert write(tmp_path / "s", "a", "b") == []
    assert content(tmp_path / "s") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s"]


def test_a_run_stopped_between_videos_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    write(tmp_path / "straight", "a", "b", "c")
    with StoreWriter(tmp_path / "resumed", KEY) as writer:
        writer.add("b", features_of("b"), 5.5)
    assert not (tmp_path / "resumed" / "manifest.json").exists()
    assert write(tmp_path / "resumed", "a", "b", "c") == ["a", "c"]
    assert content(tmp_path / "resumed") == content(tmp_path / "straight")


_KILLED = """
    import os, signal, sys
    from pathlib import Path
    import numpy as np
    from spotvmr.features import StoreKey, StoreWriter

    calls, limit = 0, int(sys.argv[2])

    def counted(real):
        def call(*args):
            global calls
            calls += 1
            if calls > limit:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args)
        return call

    os.fsync, os.replace, os.rename = counted(os.fsync), counted(os.replace), counted(os.rename)
    key = StoreKey("tiny", "a1b2", "resize 90x160", 1.0, 1, {"room": 3, "object": 5})
    with StoreWriter(Path(sys.argv[1]), key) as writer:
        for video_id in "abcd":
            if not writer.done(video_id):
                writer.add(video_id, (np.arange(48).reshape(6, 8) + ord(video_id)).astype(np.float32), 5.5)
        writer.finish("abcd")
"""


def test_killed_at_every_sync_and_rename_it_still_ends_whole(tmp_path: Path) -> None:
    """A store of two videos is extended by two; the process is killed at its n-th sync, for every n."""
    write(tmp_path / "straight", "a", "b", "c", "d")
    script = textwrap.dedent(_KILLED)
    kills = 0
    for limit in range(40):
        path = tmp_path / f"s{limit}"
        write(path, "a", "b")
        code = subprocess.run([sys.executable, "-c", script, str(path), str(limit)], check=False).returncode
        FeatureStore.open(path, KEY).verify()
        assert write(path, "a", "b", "c", "d") is not None
        assert content(path) == content(tmp_path / "straight")
        if code == 0:
            break
        assert code == -signal.SIGKILL
        kills += 1
    assert kills >= 6


def test_extending_keeps_the_old_videos_first(tmp_path: Path) -> None:
    write(tmp_path / "s", "m", "n")
    assert write(tmp_path / "s", "a", "m", "z", "n") == ["a", "z"]
    store = FeatureStore.open(tmp_path / "s", KEY)
    assert store.video_ids == ("m", "n", "a", "z")
    for video_id in store.video_ids:
        np.testing.assert_array_equal(store.read(video_id), features_of(video_id))
    store.verify()


def test_an_open_reader_survives_an_extension(tmp_path: Path) -> None:
    write(tmp_path / "s", "a")
    reader = FeatureStore.open(tmp_path / "s", KEY)
    write(tmp_path / "s", "a", "b")
    np.testing.assert_array_equal(reader.read("a"), features_of("a"))


def test_parts_not_named_follow_sorted(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "s", KEY) as writer:
        for video_id in ("z", "b", "a"):
            writer.add(video_id, features_of(video_id), 5.5)
    with StoreWriter(tmp_path / "s", KEY) as writer:
        writer.finish(["z"])
    assert FeatureStore.open(tmp_path / "s").video_ids == ("z", "a", "b")


def test_parts_of_another_encoder_are_not_reused(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "s", OTHER) as writer:
        writer.add("a", features_of("b"), 5.5)
    assert write(tmp_path / "s", "a") == ["a"]
    np.testing.assert_array_equal(FeatureStore.open(tmp_path / "s", KEY).read("a"), features_of("a"))
    assert not (tmp_path / "s.parts").exists()


def test_a_store_of_another_encoder_is_not_extended(tmp_path: Path) -> None:
    write(tmp_path / "s", "a")
    before = content(tmp_path / "s")
    with pytest.raises(UserError, match="weights_hash is 'a1b2', wanted 'ffff'"):
        StoreWriter(tmp_path / "s", OTHER)
    assert content(tmp_path / "s") == before
    assert write(tmp_path / "s", "a", "b") == ["b"]  # the refusal left no lock behind


def test_two_writers_are_refused(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "s", KEY), pytest.raises(UserError, match="another process is writing"):
        StoreWriter(tmp_path / "s", KEY)
    StoreWriter(tmp_path / "s", KEY).close()


def test_a_damaged_part_is_removed_and_made_again(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "s", KEY) as writer:
        writer.add("a", features_of("a"), 5.5)
        writer.add("b", features_of("b"), 5.5)
    part = next((tmp_path / "s.parts").glob("b.*"))
    part.write_bytes(part.read_bytes()[:-1] + b"\x7f")
    with StoreWriter(tmp_path / "s", KEY) as writer, pytest.raises(UserError, match="was damaged and has been removed"):
        writer.finish(["a", "b"])
    assert content(tmp_path / "s") == {}
    assert write(tmp_path / "s", "a", "b") == ["b"]


def test_a_part_with_a_broken_head_is_removed(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "s", KEY) as writer:
        writer.add("a", features_of("a"), 5.5)
    next((tmp_path / "s.parts").glob("a.*")).write_bytes(b"nonsense")
    with StoreWriter(tmp_path / "s", KEY) as writer, pytest.raises(UserError, match="has been removed"):
        writer.finish(["a"])
    assert write(tmp_path / "s", "a") == ["a"]


def test_finishing_without_every_video_is_refused(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "s", KEY) as writer:
        writer.add("a", features_of("a"), 5.5)
        with pytest.raises(UserError, match=r"lacks 2 videos, first \['b', 'c'\]"):
            writer.finish(["a", "b", "c"])
        with pytest.raises(ValueError, match="already in"):
            writer.add("a", features_of("a"), 5.5)
    with StoreWriter(tmp_path / "empty", KEY) as writer, pytest.raises(UserError, match="lacks 0 videos"):
        writer.finish([])


@pytest.mark.parametrize(
    ("features", "duration_s", "message"),
    [
        (np.ones((4, 7)), 4.0, r"shape \(4, 7\), wanted \(clips, 8\)"),
        (np.ones(8), 4.0, r"shape \(8,\)"),
        (np.ones((0, 8)), 4.0, r"shape \(0, 8\)"),
        (np.where(np.eye(4, 8) * [[0], [1], [0], [1]] > 0, np.nan, 1.0), 4.0, "2 clips, first clip 1, are NaN"),
        (np.full((4, 8), np.inf), 4.0, "4 clips, first clip 0"),
        (np.full((4, 8), 65520.0), 4.0, "beyond fp16"),
        (np.ones((4, 8)), 0.0, "duration 0.0 s"),
        (np.ones((4, 8)), float("nan"), "duration nan s"),
    ],
)
def test_bad_features_leave_nothing(
    tmp_path: Path, features: NDArray[np.float64], duration_s: float, message: str
) -> None:
    with StoreWriter(tmp_path / "s", KEY) as writer:
        with pytest.raises(UserError, match=message):
            writer.add("v", features, duration_s)
        assert not writer.done("v")
    assert not (tmp_path / "s.parts").exists()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_while_adding_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    with StoreWriter(tmp_path / "s", KEY) as writer:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", _failing(code))
            with pytest.raises(UserError, match=r"cannot write .*(no space left|quota)"):
                writer.add("a", features_of("a"), 5.5)
        assert not writer.done("a")
        assert list((tmp_path / "s.parts").iterdir()) == []


def test_a_full_disk_while_packing_keeps_store_and_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "s", "a")
    before = content(tmp_path / "s")
    with StoreWriter(tmp_path / "s", KEY) as writer:
        writer.add("b", features_of("b"), 5.5)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", _failing(errno.ENOSPC))
            with pytest.raises(UserError, match="no space left"):
                writer.finish(["a", "b"])
        assert content(tmp_path / "s") == before
        writer.finish(["a", "b"])
    FeatureStore.open(tmp_path / "s", KEY).verify()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "s"):
        with pytest.raises(UserError, match="a file stands where a folder is needed"):
            StoreWriter(path, KEY)


@pytest.mark.parametrize(
    "change", [{"parts": {}}, {"parts": {"a": 0}}, {"clip_s": 0.0}, {"frames": 0}, {"precision": "fp32"}]
)
def test_keys_without_meaning_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="store"):
        replace(KEY, **change)


def _failing(code: int) -> object:
    """An ``os.fsync`` on a disk that refuses."""

    def fsync(handle: int) -> None:
        raise OSError(code, os.strerror(code))

    return fsync


def test_the_part_of_another_process_is_packed(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "index", KEY) as writer:
        write_part(parts_folder(tmp_path / "index"), KEY, "v1", np.ones((3, KEY.dim)), 3.0)
        writer.expect("v1")
        writer.finish(["v1"])
    assert FeatureStore.open(tmp_path / "index").n_clips("v1") == 3


def test_a_part_that_is_not_here_says_that_machines_must_share_the_folder(tmp_path: Path) -> None:
    with StoreWriter(tmp_path / "index", KEY) as writer:
        writer.expect("v1")
        with pytest.raises(UserError, match="must share this folder"):
            writer.finish(["v1"])


def rewrite(path: Path, value: float, *replaced: str, anew: bool = False, clips: int = 6, key: StoreKey = KEY) -> None:
    """Replace videos by ones whose every number is ``value``."""
    with StoreWriter(path, key, replaced, anew) as writer:
        for video_id in replaced:
            if not writer.done(video_id):
                writer.add(video_id, np.full((clips, 8), value), 5.5)
        writer.finish(replaced)


def test_a_replaced_video_moves_behind_the_others_and_these_keep_their_bytes(tmp_path: Path) -> None:
    write(tmp_path / "s", "a", "b", "c", "d")
    before = FeatureStore.open(tmp_path / "s")
    rewrite(tmp_path / "s", 7.0, "b", clips=3)
    store = FeatureStore.open(tmp_path / "s")
    store.verify()
    assert store.video_ids == ("a", "c", "d", "b")
    assert store.read("b").tolist() == np.full((3, 8), 7.0).tolist()
    for video_id in ("a", "c", "d"):
        np.testing.assert_array_equal(store.read(video_id), features_of(video_id))
    assert store.manifest.unused == 6
    np.testing.assert_array_equal(before.read("b"), features_of("b"))  # a reader of before goes on


def test_a_data_file_of_mostly_replaced_rows_is_written_anew_without_them(tmp_path: Path) -> None:
    write(tmp_path / "s", "a", "b")
    for value in range(10):
        rewrite(tmp_path / "s", value, "b")
    store = FeatureStore.open(tmp_path / "s")
    store.verify()
    assert (store.read("b") == 9).all()
    np.testing.assert_array_equal(store.read("a"), features_of("a"))
    sizes = [path.stat().st_size for path in (tmp_path / "s").glob("features*.bin")]
    assert len(sizes) == 1
    assert sizes[0] <= 2 * store.manifest.size_bytes
    assert 2 * store.manifest.unused <= store.manifest.clips


@pytest.mark.parametrize("key", [KEY, OTHER], ids=["same key", "another key"])
def test_a_store_that_is_made_anew_serves_readers_until_it_is_whole(
    tmp_path: Path, key: StoreKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "s", "a", "b")
    for _ in range(2):  # also where the store was made anew before
        before = content(tmp_path / "s")
        with monkeypatch.context() as patch:
            patch.setattr("spotvmr.features.manifest.Manifest.save", lambda *_: (_ for _ in ()).throw(OSError("full")))
            with pytest.raises(OSError, match="full"):
                rewrite(tmp_path / "s", 2.0, "a", anew=True, key=key)  # leaves its part
        assert {name: content(tmp_path / "s")[name] for name in before} == before
        FeatureStore.open(tmp_path / "s").verify()
        rewrite(tmp_path / "s", 2.0, "a", anew=True, key=key)
        store = FeatureStore.open(tmp_path / "s", key)
        store.verify()
        assert store.video_ids == ("a",)
        assert (store.read("a") == 2).all()
        assert len(list((tmp_path / "s").glob("features*.bin"))) == 1


@pytest.mark.parametrize("name", ["../features.bin", "features-x.bin", "other.bin", "", 3])
def test_a_manifest_that_names_another_file_is_refused(tmp_path: Path, name: object) -> None:
    write(tmp_path / "s", "a")
    plain = json.loads((tmp_path / "s" / "manifest.json").read_text())
    (tmp_path / "s" / "manifest.json").write_text(json.dumps(plain | {"data": name}))
    with pytest.raises(UserError, match="is damaged"):
        FeatureStore.open(tmp_path / "s")
