"""Benchmark of the dashboard of many runs in a headless Chromium: size, time to open and time of a filter."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from spotvmr.benchmarks.browser.browser import browser_programs, chromium
from spotvmr.benchmarks.browser.runs import made_up_record, write_made_up_run
from spotvmr.report.page import write_page
from spotvmr.types.record import write_record

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

RUNS = 500
_WITH_QUERIES, _QUERIES = 20, 1000
_TEXT = "the hand turned the red mug over"
_OPENED = 3  # new browsers
_FILTERS = ("model", "selector", "budget")
_FILTER = """
  const [id, number, done] = arguments;
  const select = document.getElementById(id);
  const began = performance.now();
  select.value = select.options[number].value;
  select.dispatchEvent(new Event('change'));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
"""


def page_rows() -> list[dict[str, Any]]:
    """Measure the page: megabytes, seconds until it is complete, milliseconds from a filter's change to the next frame.

    Returns:
        Rows of ``what``, ``median``, ``unit`` and ``limit``.

    Raises:
        UserError: Chromium, its driver or the package ``selenium`` is missing.
    """
    browser_programs()
    # Chromium may write into its profile after it quit.
    with TemporaryDirectory(ignore_cleanup_errors=True) as place:
        path = Path(place) / "page.html"
        write_many_runs(Path(place) / "runs")
        write_page(Path(place) / "runs", path)
        opened_s: list[float] = []
        filter_ms: list[float] = []
        for number in range(_OPENED):
            with chromium(Path(place) / f"profile-{number}") as chrome:
                opened_s.append(_open_s(chrome, path))
                filter_ms += _filter_ms(chrome)
        size = path.stat().st_size / 1e6
    name = f"page of {RUNS} runs"
    return [
        {"what": f"{name}: size", "median": size, "unit": "MB", "limit": 15.0},
        {"what": f"{name}: cold open", "median": statistics.median(opened_s), "unit": "s", "limit": 3.0},
        {"what": f"{name}: filter", "median": statistics.median(filter_ms), "unit": "ms", "limit": 200.0},
    ]


def write_many_runs(folder: Path) -> None:
    """Write the records of many runs, and the queries of some of them.

    Raises:
        UserError: A file cannot be written.
    """
    for number in range(RUNS):
        record, place = made_up_record(number), folder / str(number)
        if number < _WITH_QUERIES:
            write_made_up_run(place, record, _QUERIES, _TEXT)
        else:
            write_record(record, place / "record.json")


def _open_s(chrome: Chrome, path: Path) -> float:
    """Seconds until the page marks itself as complete."""
    from selenium.webdriver.support.ui import WebDriverWait

    chrome.set_window_size(1440, 900)
    began = time.perf_counter()
    chrome.get(path.as_uri())
    ready = "return document.documentElement.dataset.ready === 'yes'"
    WebDriverWait(chrome, 60, poll_frequency=0.02).until(lambda _: chrome.execute_script(ready))
    return time.perf_counter() - began


def _filter_ms(chrome: Chrome) -> Iterator[float]:
    """Milliseconds of each change of a filter: two values and back."""
    for name in _FILTERS:
        for number in (1, 2, 0):
            yield float(chrome.execute_async_script(_FILTER, f"filter-{name}", number))
