"""``spotvmr app``: what it refuses before it serves, each in one line."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from spotvmr.app import listen
from spotvmr.cli.main import main
from spotvmr.errors import UserError


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "no such folder: nowhere"),
        (["FOLDER", "another"], "one folder, not 2"),
        (["FOLDER", "port=0"], "port=0"),
        (["FOLDER", "port=70000"], "port=70000"),
        (["FOLDER", "every_s=-1"], "every_s=-1"),
        (["FOLDER", "host=no.such.host.invalid", "port=18432"], "cannot listen at no.such.host.invalid"),
        (["FOLDER", "run=nowhere", "port=18432"], "no trained run at nowhere"),
        (["FOLDER", "--zero-shot", "index=errands", "port=18432"], "index=errands cannot"),
    ],
)
def test_wrong_words(words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "film.mp4").write_bytes(b"x")
    assert main(["app", *(str(tmp_path) if word == "FOLDER" else word for word in words)]) == 2
    shown = capsys.readouterr()
    assert said in shown.err.splitlines()[-1]
    assert shown.out == ""


def test_a_port_that_is_taken_says_so() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UserError, match="try another port="):
            listen("127.0.0.1", other.getsockname()[1])
