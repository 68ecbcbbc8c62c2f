"""``spotvmr train`` from videos to record, killed with -9: the same command again ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file

from spotvmr.assembly import make_world
from spotvmr.config import compose

# Every source of chance is in it: windows, order, dropout, selection noise, drawn budgets, averaged weights.
EPOCHS = ["trainer.teacher_epochs=2", "trainer.student_epochs=2", "trainer.batch_size=8", "log.progress=false"]
MOMENTS = 20


def command(small: list[str], home: Path) -> list[str]:
    """The main job with features and runs of its own; the videos are shared."""
    return [
        sys.executable,
        "-m",
        "spotvmr",
        "train",
        *small,
        *EPOCHS,
        f"paths.features={home}/f",
        f"paths.runs={home}/r",
    ]


@pytest.fixture(scope="module")
def whole(small: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """Folder of a run that nobody killed, and its seconds from the first file on."""
    make_world(compose(small))
    home, began = tmp_path_factory.mktemp("whole"), Clock()
    assert not kill_when(command(small, home), lambda: began.since(home / "f") < 0)
    return home, began.since(home / "f")


class Clock:
    """Seconds since a file or folder was there; the imports before it leave nothing that a kill could spoil."""

    def __init__(self) -> None:
        self.began = 0.0

    def since(self, path: Path) -> float:
        if not self.began and path.exists():
            self.began = time.monotonic()
        return time.monotonic() - self.began if self.began else 0.0


def kill_when(words: list[str], due: Callable[[], bool]) -> bool:
    """Start a command and kill it and its workers as soon as it is due; whether it was still at work."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while not due() and process.poll() is None:
        time.sleep(0.01)
    working = process.poll() is None
    if working:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return working


def kill_after(words: list[str], first: Path, moment_s: float) -> bool:
    """Kill a command so many seconds after its first folder was there; whether it was still at work."""
    clock = Clock()
    return kill_when(words, lambda: clock.since(first) > moment_s)


def check_same_end(home: Path, whole: Path) -> None:
    """Stores, weights of teacher and student, and scores are those of the run that nobody killed."""
    stores = [path.relative_to(whole) for path in sorted(whole.glob("f/demo/*/features.bin"))]
    assert len(stores) == 2
    assert all((home / path).read_bytes() == (whole / path).read_bytes() for path in stores)
    weights = [path.relative_to(whole) for path in sorted(whole.glob("r/*/weights.safetensors"))]
    assert len(weights) == 2
    for path in weights:
        ours, theirs = load_file(home / path), load_file(whole / path)
        assert all(ours[name].equal(theirs[name]) for name in theirs)
        records = [json.loads((one / path).with_name("record.json").read_text()) for one in (home, whole)]
        assert records[0]["metrics"] == records[1]["metrics"]
        assert records[0]["selection"] == records[1]["selection"]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_student_killed_between_its_epochs_ends_with_the_same_weights(
    whole: tuple[Path, float], small: list[str], tmp_path: Path
) -> None:
    last = tmp_path / "r" / "demo" / "checkpoints" / "last.ckpt"
    assert kill_when(command(small, tmp_path), last.exists)
    assert not (tmp_path / "r" / "demo" / "record.json").exists()
    subprocess.run(command(small, tmp_path), check=True, capture_output=True)
    check_same_end(tmp_path, whole[0])


@pytest.mark.skipif(os.environ.get("SPOTVMR_SLOW") != "1", reason="a quarter of an hour: SPOTVMR_SLOW=1 runs it")
@pytest.mark.timeout(7200)
def test_kills_at_random_moments_change_nothing(whole: tuple[Path, float], small: list[str], tmp_path: Path) -> None:
    reference, seconds = whole
    moments = np.random.default_rng(0).uniform(0, 1, MOMENTS) * seconds
    for number, moment_s in enumerate(moments):
        home = tmp_path / str(number)
        worked = kill_after(command(small, home), home / "f", moment_s)
        reached = [path.name for path in sorted(home.glob("*/*/*")) if not path.name.endswith(".json")]
        done = subprocess.run(command(small, home), capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"killed after {moment_s:.1f} s: {done.stderr[-2000:]}"
        check_same_end(home, reference)
        print(f"kill {number} after {moment_s:.1f} of {seconds:.1f} s, at work: {worked}, had begun: {reached}")
