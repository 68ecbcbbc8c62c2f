"""Two processes on the CPU, as a user starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(300)
def test_two_processes_train_and_leave_one_record(small: list[str], home: Path) -> None:
    command = [sys.executable, "-m", "spotvmr", "train", *small, "trainer.devices=2", "trainer.strategy=ddp"]
    done = subprocess.run(
        [*command, "name=ddp", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout)
    assert result["record"]["n_queries"] > 0
    assert (home / "runs" / "ddp" / "record.json").is_file()
