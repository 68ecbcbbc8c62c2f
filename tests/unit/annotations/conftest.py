"""Real annotation files where they are at hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for benchmarks: with importlib mode test folders are no packages

REAL = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def real() -> Path:
    """Their folder; an absent one skips the test, except on CI, where it must be there."""
    if not (REAL / "charades_sta").is_dir():
        reason = f"the published annotation files are not at {REAL}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return REAL
