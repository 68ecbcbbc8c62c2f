"""Two real gloo processes have, averaged, the loss of one that sees all queries."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from spotvmr.losses import mean_over_processes

_SCRIPT = Path(__file__).with_name("shared_process.py")


def test_a_process_alone_keeps_its_count() -> None:
    assert mean_over_processes(torch.tensor(3.0)) == 3.0


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two processes computed of its two queries."""
    folder = tmp_path_factory.mktemp("gloo")
    shares = [["0", "1"], ["2", "3"]]
    started = [
        subprocess.Popen([sys.executable, _SCRIPT, str(rank), folder, *share]) for rank, share in enumerate(shares)
    ]
    try:
        assert [one.wait(timeout=120) for one in started] == [0, 0]
    finally:
        for one in started:
            one.kill()
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("name", ["ranking", "hinge", "negative"])
def test_what_counts_less_does_so_wherever_it_lies(found: list[dict[str, Any]], name: str) -> None:
    one, two = (process[name] for process in found)
    alone = runpy.run_path(str(_SCRIPT))["result"]([0, 1, 2, 3])[name]
    assert (one["loss"] + two["loss"]) / 2 == pytest.approx(alone["loss"], rel=1e-12)
    # Distributed training averages gradients.
    together = torch.tensor(one["gradient"] + two["gradient"]) / 2
    torch.testing.assert_close(together, torch.tensor(alone["gradient"]), rtol=1e-6, atol=1e-9)
