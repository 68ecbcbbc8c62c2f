"""A killed indexing goes on where it stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spotvmr.assembly import make_world
from spotvmr.cli.parsing.reads import settings_read_by
from spotvmr.config import compose


@pytest.mark.timeout(120)
def test_kill_while_indexing_leaves_whole_videos_and_the_next_call_goes_on(small: list[str], tmp_path: Path) -> None:
    make_world(compose(small))
    stores = {}
    for name in ("whole", "cut"):
        words = [*settings_read_by("index", small), f"paths.features={tmp_path}/{name}"]
        command = [sys.executable, "-m", "spotvmr", "index", *words]
        parts = tmp_path / name / "demo" / "expert-errands.parts"
        if name == "cut":
            _kill_at_first_part(command, parts)
            assert not (tmp_path / name / "demo" / "expert-errands" / "manifest.json").exists()
        subprocess.run(command, check=True, capture_output=True)
        stores[name] = (tmp_path / name / "demo" / "expert-errands" / "features.bin").read_bytes()
    assert stores["cut"] == stores["whole"]


def _kill_at_first_part(command: list[str], parts: Path) -> None:
    """Start indexing and kill it, with its workers, when the first video is done."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list(parts.glob("*.part")) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.01)
    assert process.poll() is None, "indexing ended before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
