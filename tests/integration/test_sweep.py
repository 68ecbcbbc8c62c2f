"""A sweep on this machine with real trainings, killed in the middle."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import yaml

from spotvmr.cli.main import main
from spotvmr.config import Config, compose
from spotvmr.extraction.prepare import prepare
from spotvmr.pipeline.train import train
from spotvmr.sweeps.file import METRICS

GRID = {
    "name": "tiny",
    "method": "grid",
    "metric": {"name": "val/R1@0.3", "goal": "maximize"},
    "parameters": {"budget": {"values": [0.1, 0.3]}, "distill.fused": {"values": [1.0, 0.0]}},
    "command": ["${env}", "spotvmr", "train", "log.wandb=true", "name=x-${oc.env:WANDB_RUN_ID}", "${args_no_hyphens}"],
}


@pytest.fixture
def words(small: list[str], tmp_path: Path) -> list[str]:
    """The command line after ``spotvmr`` of a sweep of four trainings of three epochs."""
    (tmp_path / "grid.yaml").write_text(yaml.safe_dump(GRID), encoding="utf-8")
    settings = [f"paths.runs={tmp_path}/runs", "trainer.student_epochs=3", "trainer.patience=9"]
    return ["sweep", str(tmp_path / "grid.yaml"), "local=true", *small, *settings]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(
    os.environ.get("SPOTVMR_SLOW") != "1",
    reason="minutes of real trainings: SPOTVMR_SLOW=1 runs it; tests/unit/sweeps kills sweeps of short ones",
)
def test_killed_it_goes_on_to_the_end(words: list[str], small: list[str], tmp_path: Path) -> None:
    prepare(compose(small))
    folder = tmp_path / "runs" / "tiny"
    command = [sys.executable, "-m", "spotvmr", *words, "--json"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    killed = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: 0 in epochs_of(folder / "trial-000"), killed)
    finally:
        killed.kill()  # SIGKILL; nothing when it is gone, whose number may be another's by now
        killed.communicate()
    wait_for(lambda: not processes_in(folder), None)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert [(trial["number"], trial["state"], trial["epochs"]) for trial in told["trials"]] == [
        (number, "done", 3) for number in range(4)
    ]
    for trial in told["trials"]:
        run = folder / f"trial-{trial['number']:03d}"
        curve = epochs_of(run)
        assert set(curve) == {0, 1, 2}  # also of the trial that was cut
        assert trial["value"] == max(curve.values())
        assert json.loads((run / "record.json").read_text())["budget"] == trial["values"]["budget"]
    assert told["best"]["value"] == max(trial["value"] for trial in told["trials"])
    assert Path(told["dashboard"]).is_file()
    logs = [path.read_text() for path in (folder / "logs").glob("trial-*.log")]
    assert sum(log.count("teacher: training in") for log in logs) == 1  # they share it
    assert not list(tmp_path.rglob("offline-run-*"))  # without a server, without W&B


def test_the_known_metrics_are_those_that_a_training_logs(config: Config) -> None:
    train(config)
    with (Path(config.paths.runs) / config.name / "curves" / "metrics.csv").open(newline="") as file:
        names = next(csv.reader(file))
    assert {name for name in names if name.startswith("val/")} == set(METRICS)


def test_a_sweep_whose_trials_all_fail_ends_with_a_line_and_code_2(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = GRID | {"parameters": {"trainer.lr": {"values": [1e30]}}}
    (tmp_path / "grid.yaml").write_text(yaml.safe_dump(grid), encoding="utf-8")
    assert main([*words, "workers=1", "--json"]) == 2
    out, err = capsys.readouterr()
    assert [trial["state"] for trial in json.loads(out)["trials"]] == ["failed"]
    assert "all 1 trials failed" in err.splitlines()[-1]
    assert "diverged in epoch 1" in (tmp_path / "runs" / "tiny" / "logs" / "trial-000.log").read_text()


def epochs_of(run: Path) -> dict[int, float]:
    path = run / "curves" / "metrics.csv"
    if not path.is_file():
        return {}
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("val/R1@0.3")]
    return {int(row["epoch"]): float(row["val/R1@0.3"]) for row in rows}


def wait_for(held: Callable[[], bool], process: subprocess.Popen[str] | None) -> None:
    deadline = time.monotonic() + 240
    while not held():
        assert time.monotonic() < deadline, "it took too long"
        if process is not None and process.poll() is not None:
            pytest.fail(f"it ended before it could be killed, and said: {process.communicate()[1][-2000:]}")
        time.sleep(0.02)


def processes_in(folder: Path) -> list[int]:
    found = psutil.process_iter(["cmdline"])
    return [process.pid for process in found if f"paths.runs={folder}" in (process.info["cmdline"] or [])]


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        (["budget=2"], ["budget=2", "out of its limits"]),
        (["workers=0"], ["workers=0"]),
        (["local=maybe"], ["local=maybe", "neither true nor false"]),
        (["selector=nothing"], ["selector 'nothing'"]),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_trained(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], parts: list[str]
) -> None:
    assert main([*words, *more]) == 2
    line = capsys.readouterr().err.strip()
    assert "\n" not in line
    assert [part for part in parts if part not in line] == []
    assert not (tmp_path / "runs").exists()


def test_a_swept_value_out_of_its_limits_is_found_at_once(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = GRID | {"parameters": {"budget": {"values": [0.1, 1.5]}, "trainer.lrr": {"value": 1}}}
    (tmp_path / "grid.yaml").write_text(yaml.safe_dump(grid), encoding="utf-8")
    assert main(words) == 2
    assert "'trainer.lrr'" in capsys.readouterr().err
    grid["parameters"] = {"budget": {"values": [0.1, 1.5]}}
    (tmp_path / "grid.yaml").write_text(yaml.safe_dump(grid), encoding="utf-8")
    assert main(words) == 2
    assert "budget=1.5" in capsys.readouterr().err


def test_a_sweep_needs_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep"]) == 2
    assert "spotvmr sweep conf/sweep/grid.yaml" in capsys.readouterr().err
