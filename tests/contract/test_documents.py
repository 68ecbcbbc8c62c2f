"""What the README promises: its commands exist, their words compose, and no file points outside the project."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from spotvmr.cli.arguments import parse_arguments
from spotvmr.cli.table import COMMANDS
from spotvmr.config import compose

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
LINES = [
    line for block in re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE) for line in block.splitlines()
]
TYPED = [shlex.split(line, comments=True) for line in LINES]
# Written so that this file does not match itself.
OUTSIDE = re.compile(r"(?<![\w.])/(?:tmp|work|root)(?:/|\b)|\b(?:TO" + r"DO|FIX" + r"ME)\b")


def test_the_readme_shows_commands() -> None:
    assert {words[0] for words in TYPED if words} == {"make", ".venv/bin/spotvmr"}


@pytest.mark.parametrize("words", [w[1:] for w in TYPED if w and w[0] == ".venv/bin/spotvmr"], ids=" ".join)
def test_every_command_line_parses_and_composes(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    given = parse_arguments(words)
    assert given.command in COMMANDS or given.help
    compose(given.overrides)


@pytest.mark.parametrize("words", [w for w in TYPED if w and w[0] == "make"], ids=" ".join)
def test_every_make_line_names_a_target(words: list[str]) -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [word for word in words[1:] if "=" not in word and word not in targets] == []


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*/*.yaml")), ids=lambda path: path.stem)
def test_every_experiment_file_composes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    kind = "experiment" if "root:" not in path.read_text(encoding="utf-8") else "dataset"
    compose([f"{kind}={path}"])


def test_no_file_points_outside_the_project_or_is_left_undone() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    found = []
    for name in listed.stdout.splitlines():
        content = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in content and OUTSIDE.search(content.decode("utf-8", "replace")):
            found.append(name)
    assert found == []
