"""Files are whole or absent, whatever stops the writer."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from spotvmr.errors import UserError
from spotvmr.system.files import (
    disk_errors,
    make_folder,
    remove_leftovers,
    whole_file,
    write_bytes_atomic,
    write_chunks_atomic,
    write_text_atomic,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(code: int) -> Callable[..., None]:
    """A system call on a disk that refuses."""

    def call(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return call


def test_what_is_written_is_read_back_in_a_folder_made_for_it(tmp_path: Path) -> None:
    write_text_atomic(tmp_path / "x" / "y" / "text", "größer\r\n\u2028")
    write_bytes_atomic(tmp_path / "bytes", b"\x00\xff")
    write_chunks_atomic(tmp_path / "chunks", (bytes([number]) for number in range(3)))
    assert (tmp_path / "x" / "y" / "text").read_bytes() == "größer\r\n\u2028".encode()
    assert (tmp_path / "bytes").read_bytes() == b"\x00\xff"
    assert (tmp_path / "chunks").read_bytes() == b"\x00\x01\x02"
    assert names(tmp_path) == ["bytes", "chunks", "x"]


def test_rights_are_those_of_any_new_file(tmp_path: Path) -> None:
    write_text_atomic(tmp_path / "ours", "")
    (tmp_path / "plain").touch()
    assert stat.S_IMODE((tmp_path / "ours").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path: Path) -> None:
    write_text_atomic(tmp_path / "a", "old")
    with whole_file(tmp_path / "a") as temporary:
        temporary.write_text("new")
        assert (tmp_path / "a").read_text() == "old"
        assert temporary.parent == tmp_path
    assert (tmp_path / "a").read_text() == "new"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt, FileNotFoundError])
def test_any_error_leaves_the_old_file_and_passes(tmp_path: Path, error: type[BaseException]) -> None:
    write_text_atomic(tmp_path / "a", "old")
    with pytest.raises(error), whole_file(tmp_path / "a") as temporary:
        _write_half(temporary, error)
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize(
    ("code", "says"),
    [(errno.ENOSPC, "no space left"), (errno.EDQUOT, "quota"), (errno.EROFS, "read-only"), (errno.EACCES, "denied")],
)
def test_a_disk_that_refuses_is_one_line_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, says: str
) -> None:
    write_text_atomic(tmp_path / "a", "old")
    monkeypatch.setattr(os, call, failing(code))
    with pytest.raises(UserError, match=rf"^cannot write {tmp_path}/a: .*{says}"):
        write_text_atomic(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == ["a"]


def test_a_broken_disk_is_no_matter_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        write_text_atomic(tmp_path / "a", "new")
    assert names(tmp_path) == []


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a") as first, whole_file(tmp_path / "a") as second:
        first.write_text("first")
        second.write_text("second")
    assert (tmp_path / "a").read_text() == "first"  # the outer block ended last
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize(
    ("path", "says"),
    [("file/a", "a file stands where a folder is needed"), ("folder", "a folder stands"), ("n" * 300, "too long")],
)
def test_paths_that_cannot_be(tmp_path: Path, path: str, says: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match=says):
        write_text_atomic(tmp_path / path, "")
    assert names(tmp_path) == ["file", "folder"]


def test_folders_are_made_once_and_never_over_a_file(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "x"):
        with pytest.raises(UserError, match=f"cannot write {path}: a file stands"):
            make_folder(path)


def test_other_errors_pass_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), disk_errors(tmp_path):
        (tmp_path / "absent").read_text()


def test_leftovers_of_killed_processes_go_and_all_else_stays(tmp_path: Path) -> None:
    with whole_file(tmp_path / "a.bin") as temporary:
        temporary.touch()
    name = temporary.name
    others = ["a.bin", ".hidden", ".hidden.tmp", "a.12345678.tmp", ".a.1234567x.tmp"]
    for other in (name, *others):
        (tmp_path / other).touch()
    remove_leftovers(tmp_path)
    assert names(tmp_path) == sorted(others)


def _write_half(path: Path, error: type[BaseException]) -> None:
    path.write_text("half")
    raise error


def test_a_folder_that_cannot_be_opened_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows opens no folders."""
    open_handle = os.open

    def refusing(path: Path, *flags: int) -> int:
        if Path(path).is_dir():
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open_handle(path, *flags)

    monkeypatch.setattr(os, "open", refusing)
    write_text_atomic(tmp_path / "a", "whole")
    assert (tmp_path / "a").read_text() == "whole"
