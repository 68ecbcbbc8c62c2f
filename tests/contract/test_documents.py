"""What README and docs promise: commands exist, settings compose, and no file points outside the project."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest

from spotvmr.cli.parsing.arguments import parse_arguments
from spotvmr.cli.parsing.reads import check_read
from spotvmr.cli.table import COMMANDS
from spotvmr.config import compose
from spotvmr.config.layers import setting_keys
from spotvmr.config.schema import Config

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in ROOT.glob("docs/**/*.md")}


def typed(text: str) -> list[list[str]]:
    """The words of each line of the shell blocks of a page, continued lines joined."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [words for line in lines if not line.startswith("#!") and (words := shlex.split(line, comments=True))]


TYPED = typed(README)
ON_PAGES = [words for text in PAGES.values() for words in typed(text)]
EXPERIMENTS = [words for page in ROOT.glob("experiments/*/README.md") for words in typed(page.read_text("utf-8"))]
COMMAND_LINES = [
    words[1:] for words in [*TYPED, *ON_PAGES, *EXPERIMENTS] if words[0] in ("spotvmr", ".venv/bin/spotvmr")
]
MAKE_LINES = [words for words in [*TYPED, *ON_PAGES] if words[0] == "make"]
# Written so that this file does not match itself.
OUTSIDE = re.compile(r"(?<![\w.])/(?:tmp|work|root)(?:/|\b)|\b(?:TO" + r"DO|FIX" + r"ME)\b")


def test_the_readme_shows_commands() -> None:
    assert {words[0] for words in TYPED if words} == {"make", ".venv/bin/spotvmr"}


def test_the_site_shows_commands() -> None:
    assert len(COMMAND_LINES) > 30
    assert len(MAKE_LINES) > 20


@pytest.mark.parametrize("words", COMMAND_LINES, ids=" ".join)
def test_every_command_line_parses_and_composes(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    given = parse_arguments(words)
    assert given.command in COMMANDS or given.help
    if not given.help:
        check_read(given)
    # Files of a reader's own, such as dataset=mine.yaml, are not here.
    compose([word for word in given.overrides if not word.endswith(".yaml") or Path(word.partition("=")[2]).is_file()])


@pytest.mark.parametrize("words", MAKE_LINES, ids=" ".join)
def test_every_make_line_names_a_target(words: list[str]) -> None:
    targets = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert [word for word in words[1:] if "=" not in word and word not in targets] == []


def test_every_path_that_a_page_names_is_there() -> None:
    named = re.compile(r"(?<![\w/])(?:src|conf|experiments|tests|examples|docs)/[\w./-]*[\w/]")
    lacking = {
        page: missing
        for page, text in {"README.md": README, **PAGES}.items()
        if (missing := [path for path in named.findall(text) if not (ROOT / path).exists()])
    }
    assert lacking == {}


def test_every_setting_that_a_page_names_is_in_the_schema() -> None:
    keys = set(setting_keys())
    groups = "|".join(field.name for field in fields(Config) if "." not in field.name)
    spans = {
        page: re.findall(rf"`((?:{groups})\.[a-z_.]+[a-z])(?:=[^`]*)?`", text)
        for page, text in {"README.md": README, **PAGES}.items()
    }
    assert {page: [key for key in found if key not in keys] for page, found in spans.items() if set(found) - keys} == {}
    assert sum(map(len, spans.values())) > 30


def test_every_page_that_the_code_names_is_there() -> None:
    files = [path for folder in ("src", "experiments") for path in (ROOT / folder).rglob("*")]
    named = {
        name
        for path in files
        if path.suffix in (".py", ".yaml", ".md")
        for name in re.findall(r"docs/[\w/-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


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
