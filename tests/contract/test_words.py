"""The project speaks the field's standard terms: one list of words that no text and no name uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

INSTEAD = {
    r"arms?": "selector, baseline or variant",
    r"asked|asking|questions?": "query, inference or evaluation",
    r"look(?:s|ed|ing)?": "expert clip",
    r"true clips? found": "ground-truth clip recall",
    r"told|taught|teaches|hear[sd]?": "distilled or supervised",
    r"listen(?:s|ed|ing)?": "distilled from",
    r"evenly spread|spread evenly": "uniform",
    r"lots": "random scores",
    r"hosts?": "VMR model",
    r"workbench(?:es)?": "prepared data",
    r"turns": "locks",
    r"equipment|kits?": "retrieval context",
    r"the retriever|freed|deals?|borrow(?:s|ed)?|pupils?|rivals?": "a name that says what it does",
}
"""Words as regular expressions, and what to write in their place."""

IN_CODE = {
    r"look(?:s|ed|ing)?": r"(?:an?|one|another|each|every|of|more|few|first|second|last|expensive|close) looks?",
    r"turns": r"(?:engine|system)\.turns|import turns",
    r"the retriever|freed|deals?|borrow(?:s|ed)?|pupils?|rivals?": (
        r"the retriever|freed(?! memory| frames)|deals?|borrow(?:s|ed)?|pupils?|rivals?"
    ),
}
"""Words that also have a plain meaning in code (to look up, freed memory): there the narrower expression counts."""

NETWORK = ("app", "cli", "conf", "doctor", "system")
"""Folders of ``src/spotvmr`` in which a host is a machine, and listens."""

PLACES = sorted(
    path.name
    for path in (ROOT / "src" / "spotvmr").iterdir()
    if (path / "__init__.py").is_file() or path.name == "conf" or path.suffix == ".py"
)
CONTRACT = re.compile(
    r"""
    \barms=               # argument of `spotvmr bench`
    | `arm` | "arms?" | '\barm\b' | \.arm\b | \barm(?:=|:\ )  # key of results.jsonl, and its attribute
    | "rival"             # key of table.json
    | \bhost=             # address of the web page
    """,
    re.VERBOSE,
)
"""Names that files and commands outside rely on."""

TEXTS = ["README.md", "mkdocs.yml", *("docs", "examples", "experiments")]


def words_of(text: str) -> str:
    """``text`` without the names of contracts, and with names in snake and camel case split into words."""
    plain = CONTRACT.sub(" ", text)
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).replace("_", " ")


def found_in(text: str, words: Iterable[str] = tuple(INSTEAD)) -> list[str]:
    """The forbidden words of ``text``, each with its line number."""
    forbidden = re.compile("|".join(rf"\b(?:{expression})\b" for expression in words), re.IGNORECASE)
    return [
        f"{number}: {match.group(0)}"
        for number, line in enumerate(words_of(text).splitlines(), start=1)
        for match in forbidden.finditer(line)
    ]


def words_of_code(folder: str) -> list[str]:
    """The forbidden expressions in a folder of ``src/spotvmr``."""
    skipped = (r"hosts?", r"listen(?:s|ed|ing)?") if folder in NETWORK else ()
    return [IN_CODE.get(words, words) for words in INSTEAD if words not in skipped]


def files_of(place: str) -> Iterator[Path]:
    """The text files of a file or folder."""
    path = ROOT / place
    found = [path] if path.is_file() else sorted(path.rglob("*"))
    yield from (file for file in found if file.suffix in (".md", ".py", ".yml", ".yaml", ".ipynb", ".svg", ".css"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("every arm is asked", ["1: arm", "1: asked"]),
        ("def asked_queries(): ...", ["1: asked"]),
        ("class AskedQuery:", ["1: Asked"]),
        ("first\nTrue clips found", ["2: True clips found"]),
        ("a harmless task, a lookup, a kitchen, slots", []),
        ("`arm` of a line, `spotvmr bench arms=spotter`, host=0.0.0.0, record.arm", []),
    ],
)
def test_the_check_finds_words_in_prose_and_names(text: str, found: list[str]) -> None:
    assert found_in(text) == found


@pytest.mark.parametrize("place", TEXTS)
def test_no_text_uses_a_forbidden_word(place: str) -> None:
    found = {file.relative_to(ROOT).as_posix(): found_in(file.read_text(encoding="utf-8")) for file in files_of(place)}
    assert {name: words for name, words in found.items() if words} == {}


@pytest.mark.parametrize("folder", PLACES)
def test_no_code_uses_a_forbidden_word(folder: str) -> None:
    found = {
        file.relative_to(ROOT).as_posix(): found_in(file.read_text(encoding="utf-8"), words_of_code(folder))
        for file in files_of(f"src/spotvmr/{folder}")
    }
    assert {name: words for name, words in found.items() if words} == {}
