"""Replaced videos are noticed by their content, per store, until their new features are confirmed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from spotvmr.errors import UserError
from spotvmr.extraction.staleness import SourceNotes
from spotvmr.features import StoreKey, write_part
from spotvmr.features.parts import list_parts, parts_folder
from spotvmr.system.fingerprint import fingerprint


def video(folder: Path, name: str, content: bytes = b"frames") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.mp4"
    path.write_bytes(content)
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store whose note knows the videos a and b."""
    SourceNotes(tmp_path / "index", {name: video(tmp_path, name) for name in ("a", "b")})
    return tmp_path / "index"


def note(store: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(store.with_name(f"{store.name}.sources.json").read_text())
    return found


def test_unchanged_videos_change_nothing(store: Path, tmp_path: Path) -> None:
    path = tmp_path / "index.sources.json"
    before = path.stat().st_mtime_ns
    notes = SourceNotes(store, {"a": tmp_path / "a.mp4", "b": tmp_path / "b.mp4"})
    notes.confirm()
    assert notes.replaced == frozenset()
    assert path.stat().st_mtime_ns == before


def test_a_touched_or_moved_video_is_the_same(store: Path, tmp_path: Path) -> None:
    videos = {"a": video(tmp_path / "elsewhere", "a"), "b": video(tmp_path, "b")}
    assert SourceNotes(store, videos).replaced == frozenset()


@pytest.mark.parametrize("content", [b"other!", b"frames and more", b""])
def test_a_changed_video_is_replaced_until_it_is_confirmed(store: Path, tmp_path: Path, content: bytes) -> None:
    videos = {"a": tmp_path / "a.mp4", "b": video(tmp_path, "b", content)}
    assert SourceNotes(store, videos).replaced == {"b"}
    notes = SourceNotes(store, videos)  # the first call was killed
    assert notes.replaced == {"b"}
    notes.confirm()
    assert note(store)["b"] == fingerprint(videos["b"])
    assert SourceNotes(store, videos).replaced == frozenset()


def test_parts_of_a_replaced_video_are_kept_while_it_stays_the_same(store: Path, tmp_path: Path) -> None:
    key = StoreKey("tiny", "a1", "none", 1.0, 1, {"all": 2})
    parts = parts_folder(store)
    for name in ("a", "b"):
        write_part(parts, key, name, np.ones((2, 2)), 2.0)
    videos = {"a": tmp_path / "a.mp4", "b": video(tmp_path, "b", b"other")}
    SourceNotes(store, videos)
    assert set(list_parts(parts, key)) == {"a"}  # that of b was made from the old file
    write_part(parts, key, "b", np.ones((2, 2)), 2.0)
    SourceNotes(store, videos)  # after a kill
    assert set(list_parts(parts, key)) == {"a", "b"}
    video(tmp_path, "b", b"a third one")
    SourceNotes(store, videos)
    assert set(list_parts(parts, key)) == {"a"}


def test_a_new_video_is_noted_before_its_features_are_made(store: Path, tmp_path: Path) -> None:
    assert SourceNotes(store, {"c": video(tmp_path, "c")}).replaced == frozenset()
    assert set(note(store)) == {"a", "b", "c"}
    assert SourceNotes(store, {"c": video(tmp_path, "c", b"other")}).replaced == {"c"}


def test_a_store_without_a_note_has_no_replaced_videos(tmp_path: Path) -> None:
    assert SourceNotes(tmp_path / "index", {"a": video(tmp_path, "a")}).replaced == frozenset()


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_a_damaged_note_is_one_line(store: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "index.sources.json").write_bytes(content)
    with pytest.raises(UserError, match=r"index\.sources\.json is damaged; delete it"):
        SourceNotes(store, {"a": tmp_path / "a.mp4"})
