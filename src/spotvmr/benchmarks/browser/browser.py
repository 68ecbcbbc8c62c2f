"""A headless Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from spotvmr.errors import UserError

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
)  # fmt: skip
_TIMEOUT_S = 60


def browser_programs() -> tuple[str, str]:
    """Paths of Chromium and its driver.

    Raises:
        UserError: One is missing.
    """
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        raise UserError("no chromium and chromedriver: install Debian's packages chromium and chromium-driver")
    return program, driver


@contextmanager
def chromium(profile: Path) -> Iterator[Chrome]:
    """Open Debian's Chromium with a log of its console.

    Args:
        profile: A new folder for its profile.

    Raises:
        UserError: Chromium, its driver or the package ``selenium`` is missing.
    """
    program, driver = browser_programs()
    try:
        from selenium import webdriver
    except ImportError as error:
        raise UserError("the package selenium drives the browser: pip install 'spotvmr[browser]'") from error
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    try:
        chrome.set_page_load_timeout(_TIMEOUT_S)
        chrome.set_script_timeout(_TIMEOUT_S)
        yield chrome
    finally:
        chrome.quit()
