"""The folder gives out its own videos and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotvmr.app import VideoFolder
from spotvmr.errors import UserError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two videos, a note, a folder, and links to the inside, the outside and nowhere."""
    films = tmp_path / "films"
    films.mkdir()
    for name in ("b.mp4", "ä film.MKV", "notes.txt"):
        (films / name).write_bytes(b"x")
    (films / "folder.mp4").mkdir()
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    (films / "inside.mp4").symlink_to("b.mp4")
    (films / "outside.mp4").symlink_to(tmp_path / "secret.mp4")
    (films / "nowhere.mp4").symlink_to("absent.mp4")
    return films


def test_lists_videos_alone(folder: Path) -> None:
    videos = VideoFolder(folder)
    assert videos.names() == ["b.mp4", "inside.mp4", "ä film.MKV"]
    assert videos.path("inside.mp4") == (folder / "b.mp4").resolve()
    (folder / "new.webm").write_bytes(b"x")
    assert "new.webm" in videos.names()


@pytest.mark.parametrize(
    "name",
    ["outside.mp4", "nowhere.mp4", "folder.mp4", "notes.txt", "../secret.mp4", "absent.mp4", "", ".", "..", "b.mp4\0"],
)
def test_gives_no_other_file(folder: Path, name: str) -> None:
    with pytest.raises(UserError, match="choose one of its list"):
        VideoFolder(folder).path(name)


def test_no_absolute_path_leads_out(folder: Path) -> None:
    with pytest.raises(UserError, match="choose one of its list"):
        VideoFolder(folder).path(str(folder.parent / "secret.mp4"))


def test_a_link_that_is_turned_later_is_refused(folder: Path) -> None:
    videos = VideoFolder(folder)
    (folder / "inside.mp4").unlink()
    (folder / "inside.mp4").symlink_to(folder.parent / "secret.mp4")
    with pytest.raises(UserError, match="choose one of its list"):
        videos.path("inside.mp4")


def test_folders_without_videos(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such folder"):
        VideoFolder(tmp_path / "absent")
    with pytest.raises(UserError, match="no video in"):
        VideoFolder(tmp_path)
