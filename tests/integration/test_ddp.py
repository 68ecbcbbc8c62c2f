"""Two processes on the CPU, as a user starts them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

SCRIPT = Path(__file__).with_name("ddp_process.py")
# What is drawn at random differs between processes by design: each learns from noise of its own.
STILL = ["model.dropout=0", "selector.noise=0", "trainer.any_budget=false", "trainer.ema=0"]


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


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_machines_of_one_process_train_and_leave_one_record(small: list[str], tmp_path: Path) -> None:
    """As torchrun starts them: all at once, from the first line on, before there are features."""
    settings = [*small, "trainer.devices=1", "trainer.strategy=ddp", "name=two", f"paths.features={tmp_path}/features"]
    rendezvous = ["--nnodes=2", "--nproc-per-node=1", "--master-addr=127.0.0.1", f"--master-port={free_port()}"]
    command = [sys.executable, "-m", "torch.distributed.run", *rendezvous]
    job = ["-m", "spotvmr", "train", *settings, f"paths.runs={tmp_path}/runs"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [
        subprocess.Popen([*command, f"--node-rank={rank}", *job], env=os.environ | {"OMP_NUM_THREADS": "1"}, **quiet)
        for rank in range(2)
    ]
    try:
        assert [one.wait(timeout=280) for one in started] == [0, 0]
    finally:
        for one in started:
            one.kill()
    assert (tmp_path / "runs" / "two" / "record.json").is_file()


@pytest.fixture(scope="module", params=["model=vslnet", "model=snag"])
def one_and_two(
    small: list[str], tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> list[Path]:
    """What a validation and a step on one process and on two left, at the same global batch.

    The two processes of ``snag`` have different numbers of positive points, which its losses are divided by.
    """
    folder = tmp_path_factory.mktemp("ddp")
    for devices in ("1", "2"):
        command = [sys.executable, str(SCRIPT), devices, str(folder / devices), *small, *STILL, request.param]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=280
        )
        assert done.returncode == 0, done.stderr[-2000:]
    return [folder / "1", folder / "2"]


@pytest.mark.timeout(600)
def test_two_processes_score_as_one_to_the_digit(one_and_two: list[Path]) -> None:
    one, two = (json.loads((folder / "scores.json").read_text()) for folder in one_and_two)
    assert one["val/fraction_mean"] > 0
    assert one["val/mIoU"] > 0
    # Of the entropy each process logs the mean over its batches, repeated queries included.
    del one["val/selection_entropy"], two["val/selection_entropy"]
    assert two == one


def test_a_step_on_two_processes_moves_weights_as_on_one(one_and_two: list[Path]) -> None:
    one, two = (load_file(folder / "weights.safetensors") for folder in one_and_two)
    assert one.keys() == two.keys()
    assert max(float((one[name] - two[name]).abs().max()) for name in one) <= 1e-5


def test_a_step_on_two_processes_has_the_gradients_of_one(one_and_two: list[Path]) -> None:
    one, two = (load_file(folder / "gradients.safetensors") for folder in one_and_two)
    assert one.keys() == two.keys()
    for name, gradient in one.items():
        torch.testing.assert_close(two[name], gradient, rtol=1e-6, atol=1e-9, msg=name)
