"""Two real gloo processes have, averaged, the loss of one that sees all queries."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from spotvmr.losses import mean_over_processes

_SCRIPT = Path(__file__).with_name("shared_process.py")


def test_a_process_alone_keeps_its_count() -> None:
    assert mean_over_processes(torch.tensor(3.0)) == 3.0


def test_queries_without_anything_relevant_weigh_nothing_wherever_they_lie(tmp_path: Path) -> None:
    shares = [["0", "1"], ["2", "3"]]
    started = [
        subprocess.Popen([sys.executable, _SCRIPT, str(rank), tmp_path, *share]) for rank, share in enumerate(shares)
    ]
    try:
        assert [one.wait(timeout=120) for one in started] == [0, 0]
    finally:
        for one in started:
            one.kill()
    found = [json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2)]
    alone = runpy.run_path(str(_SCRIPT))["result"]([0, 1, 2, 3])
    assert sum(one["loss"] for one in found) / 2 == pytest.approx(alone["loss"], rel=1e-12)
    # Distributed training averages gradients.
    together = torch.tensor(found[0]["gradient"] + found[1]["gradient"]) / 2
    torch.testing.assert_close(together, torch.tensor(alone["gradient"]), rtol=1e-12, atol=0)
