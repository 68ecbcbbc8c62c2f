"""A headless Chromium and folders of made-up runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from spotvmr.benchmarks.browser.browser import browser_programs, chromium
from spotvmr.benchmarks.browser.runs import made_up_record, write_made_up_run
from spotvmr.errors import UserError
from spotvmr.types.record import RunRecord


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chrome]:
    """Debian's Chromium with a profile of its own; its console is kept."""
    try:
        browser_programs()
    except UserError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    with chromium(tmp_path / "profile") as chrome:
        yield chrome


def a_record(number: int, **more: object) -> RunRecord:
    """A made-up run with some values of its own."""
    return replace(made_up_record(number), **more)  # type: ignore[arg-type]


def a_run(folder: Path, record: RunRecord, queries: int, text: str = "the hand turned the red mug over") -> None:
    """Write a made-up run."""
    write_made_up_run(folder, record, queries, text)


@pytest.fixture
def make_record() -> Callable[..., RunRecord]:
    return a_record


@pytest.fixture
def make_run() -> Callable[..., None]:
    return a_run
