"""Size, head and tail distinguish files."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotvmr.errors import UserError
from spotvmr.system.fingerprint import fingerprint


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_the_fingerprint_tells_sizes_heads_and_tails_apart(tmp_path: Path) -> None:
    body = bytes(200_000)
    contents = [body, body + b"\0", b"\1" + body[1:], body[:-1] + b"\1"]
    marks = [fingerprint(written(tmp_path, "a", content)) for content in contents]
    assert len(set(marks)) == 4
    assert marks[0].startswith("200000-")
    assert fingerprint(written(tmp_path, "b", body)) == marks[0]


@pytest.mark.parametrize("name", ["absent.mp4", "folder.mp4"])
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(UserError, match=f"cannot read .*{name}"):
        fingerprint(tmp_path / name)
