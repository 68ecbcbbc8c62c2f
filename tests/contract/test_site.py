"""The documentation site builds without a warning, and its pages load nothing over a network."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from spotvmr.cli.table import COMMANDS
from spotvmr.config.keys import all_keys
from spotvmr.types.record import RunRecord

ROOT = Path(__file__).resolve().parents[2]
SCRIPT_ONLY = {"a", "form"}
"""Elements whose addresses are followed by a click and not when the page opens."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built in strict mode."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def text_of(page: Path) -> str:
    return re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8"))


class Addresses(HTMLParser):
    """Collects the addresses that a browser loads when it opens a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in SCRIPT_ONLY:
            self.found += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]


def test_no_page_loads_anything_over_a_network(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    loaded = {}
    for page in pages:
        parser = Addresses()
        parser.feed(page.read_text(encoding="utf-8"))
        loaded[page.relative_to(site).as_posix()] = [
            address for address in parser.found if re.match(r"(?:https?:)?//", address)
        ]
    assert len(loaded) > 20
    assert {page: addresses for page, addresses in loaded.items() if addresses} == {}
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]*\)", styles) == []


def test_the_settings_page_lists_every_setting_with_its_meaning(site: Path) -> None:
    page = (site / "reference" / "settings.html").read_text(encoding="utf-8")
    rows = re.findall(r"<tr>\s*<td><code>([\w.]+)</code></td>(?:\s*<td>.*?</td>){2}\s*<td>(.*?)</td>", page, re.DOTALL)
    assert [name for name, _ in rows if not all_keys()[name].meaning] == []
    assert sorted(name for name, meaning in rows if meaning) == sorted(
        name for name, key in all_keys().items() if not key.group
    )


def test_the_command_page_has_a_section_for_every_command(site: Path) -> None:
    page = (site / "reference" / "commands.html").read_text(encoding="utf-8")
    assert re.findall(r'<h2 id="([a-z]+)"', page) == list(COMMANDS)


def test_the_record_page_names_every_key(site: Path) -> None:
    page = text_of(site / "reference" / "record.html")
    assert [field.name for field in dataclasses.fields(RunRecord) if field.name not in page] == []
