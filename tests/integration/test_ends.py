"""How a training ends that does not come to its end: by a signal, or because it diverged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spotvmr.config import compose
from spotvmr.errors import UserError
from spotvmr.pipeline.train import train

WAIT_S = 120.0


@pytest.mark.parametrize(
    ("sent", "code", "last_line"),
    [(signal.SIGTERM, 143, "spotvmr: terminated"), (signal.SIGINT, 130, "spotvmr: interrupted")],
)
def test_a_signal_ends_a_training_with_its_code_and_a_line(
    small: list[str], tmp_path: Path, sent: signal.Signals, code: int, last_line: str
) -> None:
    words = [*small, f"paths.runs={tmp_path}/runs", "trainer.teacher_epochs=10000", "log.progress=false"]
    log = tmp_path / "stderr"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "spotvmr", "train", *words],
            stderr=stderr,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "WANDB_MODE": "offline"},
            # A shell starts background jobs with SIGINT ignored, and a child inherits that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
    began = time.monotonic()
    while "epoch 2/" not in log.read_text() and process.poll() is None and time.monotonic() - began < WAIT_S:
        time.sleep(0.1)
    process.send_signal(sent)
    assert process.wait(WAIT_S) == code
    assert log.read_text().splitlines()[-1] == last_line


@pytest.mark.parametrize("model", ["vslnet", "tan2d", "snag", "qd_detr", "moment_detr"])
def test_a_diverged_training_names_the_learning_rate(small: list[str], tmp_path: Path, model: str) -> None:
    config = compose([*small, f"paths.runs={tmp_path}/runs", f"model={model}", "trainer.lr=1e30"])
    with pytest.raises(
        UserError, match=r"diverged in epoch 1: its loss is not finite; lower trainer\.lr \(it is 1e\+30\)"
    ):
        train(config)
    assert not list((tmp_path / "runs").rglob("weights.safetensors"))
