"""Stores follow their videos: made anew when one was replaced, kept when one is added."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spotvmr.errors import UserError
from spotvmr.extraction.staleness import drop_stale
from spotvmr.system.fingerprint import fingerprint


@pytest.fixture
def stores(tmp_path: Path) -> list[Path]:
    """Two stores of two videos, noted; the second also has parts of a cut run."""
    for name in ("index", "expert", "expert.parts"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(name)
    found = [tmp_path / "index", tmp_path / "expert"]
    drop_stale(found, {name: video(tmp_path, name) for name in ("a", "b")})
    assert all(store.is_dir() for store in found)
    return found


def video(folder: Path, name: str, content: bytes = b"frames") -> Path:
    path = folder / f"{name}.mp4"
    path.write_bytes(content)
    return path


def note(store: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(store.with_name(f"{store.name}.sources.json").read_text())
    return found


def files(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_unchanged_videos_change_nothing(stores: list[Path], tmp_path: Path) -> None:
    before = files(tmp_path)
    drop_stale(stores, {"a": tmp_path / "a.mp4", "b": tmp_path / "b.mp4"})
    assert files(tmp_path) == before


def test_a_touched_or_moved_video_is_the_same(stores: list[Path], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    drop_stale(stores, {"a": video(tmp_path / "elsewhere", "a"), "b": video(tmp_path, "b")})
    assert all((store / "manifest.json").is_file() for store in stores)


@pytest.mark.parametrize("content", [b"other!", b"frames and more", b""])
def test_a_replaced_video_drops_the_stores_and_their_parts(stores: list[Path], tmp_path: Path, content: bytes) -> None:
    changed = video(tmp_path, "b", content)
    drop_stale(stores, {"a": tmp_path / "a.mp4", "b": changed})
    assert not any(path.is_dir() for path in (*stores, tmp_path / "expert.parts"))
    assert [note(store)["b"] for store in stores] == [fingerprint(changed)] * 2
    stores[0].mkdir()
    drop_stale(stores, {"a": tmp_path / "a.mp4", "b": changed})
    assert stores[0].is_dir()


def test_a_new_video_keeps_the_stores_and_is_noted(stores: list[Path], tmp_path: Path) -> None:
    drop_stale(stores, {"a": tmp_path / "a.mp4", "c": video(tmp_path, "c")})
    assert all((store / "manifest.json").is_file() for store in stores)
    assert [set(note(store)) for store in stores] == [{"a", "b", "c"}] * 2
    # Noted too: a video that this call did not ask for.
    drop_stale(stores, {"b": video(tmp_path, "b", b"other")})
    assert not any(store.is_dir() for store in stores)


def test_only_the_store_that_knows_the_old_video_goes(stores: list[Path], tmp_path: Path) -> None:
    changed = video(tmp_path, "c")
    drop_stale(stores[:1], {"c": changed})
    changed.write_bytes(b"other")
    drop_stale(stores, {"c": changed})
    assert [store.is_dir() for store in stores] == [False, True]


def test_a_store_without_a_note_is_kept(tmp_path: Path) -> None:
    (tmp_path / "index").mkdir()
    drop_stale([tmp_path / "index"], {"a": video(tmp_path, "a")})
    assert (tmp_path / "index").is_dir()


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_damaged_note_is_one_line(stores: list[Path], tmp_path: Path, content: bytes) -> None:
    (tmp_path / "index.sources.json").write_bytes(content)
    with pytest.raises(UserError, match=r"index\.sources\.json is damaged; delete it"):
        drop_stale(stores, {"a": tmp_path / "a.mp4"})
