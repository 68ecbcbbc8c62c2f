"""Sweeps on this machine: every trial once, also after a kill; early stops count; failures do not end it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from drive import FAKE, drive

from spotvmr.errors import UserError
from spotvmr.sweeps import read_sweep
from spotvmr.sweeps.process import read_curve
from spotvmr.sweeps.study import open_study

Write = Callable[..., Path]
DRIVE = Path(__file__).with_name("drive.py")


def journal(folder: Path) -> Counter[str]:
    return Counter((folder / "journal").read_text(encoding="utf-8").splitlines())


def test_a_grid_is_run_once_and_not_again(write: Write, tmp_path: Path) -> None:
    rows = drive(write(), tmp_path / "s")
    assert [(row.number, row.state, row.value, row.epochs) for row in rows] == [
        (0, "done", 0.1, 2), (1, "done", 0.4, 2), (2, "done", 0.2, 2), (3, "done", 0.3, 2),
    ]  # fmt: skip
    assert [row.values for row in rows] == [{"lr": 0.1}, {"lr": 0.4}, {"lr": 0.2}, {"lr": 0.3}]
    once = journal(tmp_path / "s")
    assert set(once.values()) == {1}
    assert len(once) == 8
    assert drive(write(), tmp_path / "s") == rows
    assert journal(tmp_path / "s") == once


@pytest.mark.timeout(120)
def test_killed_in_the_middle_it_goes_on_and_no_trial_is_lost_or_ended_twice(write: Write, tmp_path: Path) -> None:
    folder, file = tmp_path / "s", write()
    words = ["wait=0.4"]
    process = subprocess.Popen([sys.executable, DRIVE, file, folder, *words], stderr=subprocess.PIPE)
    wait_for(lambda: (folder / "journal").is_file() and sum(journal(folder).values()) >= 5, process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not trials_of(folder), None)  # they end with the sweep
    before = journal(folder)
    assert 0 < sum(count for line, count in before.items() if line.startswith("end")) < 4
    rows = drive(file, folder, words)
    assert [(row.number, row.state, row.value) for row in rows] == [
        (0, "done", 0.1), (1, "done", 0.4), (2, "done", 0.2), (3, "done", 0.3),
    ]  # fmt: skip
    after = journal(folder)
    assert {line: count for line, count in after.items() if line.startswith("end")} == {
        f"end trial-{number:03d}": 1 for number in range(4)
    }
    assert max(after.values()) == 2  # those that were cut began twice


def wait_for(held: Callable[[], bool], process: subprocess.Popen[bytes] | None) -> None:
    deadline = time.monotonic() + 60
    while not held():
        assert time.monotonic() < deadline, "it took too long"
        assert process is None or process.poll() is None, process.stderr and process.stderr.read()
        time.sleep(0.01)


def trials_of(folder: Path) -> list[int]:
    found = psutil.process_iter(["cmdline"])
    return [p.pid for p in found if {str(FAKE), f"paths.runs={folder}"} <= set(p.info["cmdline"] or [])]


def test_two_processes_do_not_work_on_one_sweep(write: Write, tmp_path: Path) -> None:
    sweep = read_sweep(write())
    with (
        open_study(sweep, tmp_path / "s", 2, None),
        pytest.raises(UserError, match="another process works on the sweep"),
        open_study(sweep, tmp_path / "s", 2, None),
    ):
        pass


def test_a_sweep_of_the_same_name_with_other_parameters_is_refused(write: Write, tmp_path: Path) -> None:
    drive(write(parameters={"lr": {"values": [0.1]}}), tmp_path / "s")
    with pytest.raises(UserError, match="begun with another method, metric or parameters"):
        drive(write(), tmp_path / "s")


def test_hyperband_stops_trials_that_fall_behind_and_counts_them(write: Write, tmp_path: Path) -> None:
    file = write(
        parameters={"lr": {"values": [0.6, 0.5, 0.4, 0.3, 0.2, 0.1]}},
        early_terminate={"type": "hyperband", "min_iter": 1, "eta": 2},
    )
    rows = drive(file, tmp_path / "s", ["epochs=4", "wait=0.3"], workers=1, epochs=4)
    states = [row.state for row in rows]
    assert states[0] == "done"
    assert states.count("done") + states.count("stopped early") == 6
    stopped = [row for row in rows if row.state == "stopped early"]
    assert stopped
    assert all(1 <= row.epochs < 4 and row.value is not None for row in stopped)
    ends = [line for line in journal(tmp_path / "s") if line.startswith("end")]
    assert len(ends) == states.count("done")


@pytest.mark.parametrize("method", ["random", "bayes"])
def test_draws_do_not_depend_on_where_it_was_interrupted(write: Write, tmp_path: Path, method: str) -> None:
    parameters = {
        "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1.0},
        "steps": {"min": 1, "max": 4},
        "spread": {"distribution": "q_uniform", "q": 0.5, "min": 0.0, "max": 2.0},
        "encoder": {"values": ["own", None, True]},
    }
    file = write(method=method, parameters=parameters, run_cap=3)
    whole = drive(file, tmp_path / "whole", workers=1)
    assert len({tuple(row.values.items()) for row in whole}) == 3
    for row in whole:
        assert 1e-4 <= row.values["lr"] <= 1.0
        assert row.values["steps"] in (1, 2, 3, 4)
        assert row.values["spread"] in (0.0, 0.5, 1.0, 1.5, 2.0)
        assert row.values["encoder"] in ("own", None, True)
    drive(write(method=method, parameters=parameters, run_cap=2), tmp_path / "parts", workers=1)
    file = write(method=method, parameters=parameters, run_cap=3)
    assert drive(file, tmp_path / "parts", workers=1) == whole


def test_without_an_end_it_is_refused(write: Write, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"random sweep has no number of trials: set run_cap: 20 .* or trials=20"):
        drive(write(method="random"), tmp_path / "s")


def test_a_sweep_whose_first_trials_all_fail_ends_with_their_reason(write: Write, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the first 3 trials failed, the last one with: spotvmr: it had to fail"):
        drive(write(), tmp_path / "s", ["fail=true"], workers=1)


def test_a_metric_that_is_not_logged_is_a_failure_that_names_it(
    write: Write, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    file = write(metric={"name": "val/any_budget", "goal": "maximize"}, parameters={"lr": {"values": [0.1]}})
    assert [row.state for row in drive(file, tmp_path / "s")] == ["failed"]
    assert "val/any_budget is not in" in caplog.text


def test_a_curve_is_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    assert read_curve(path, "val/R1@0.3") == {}
    path.write_text("epoch,val/R1@0.3\r\n0,0.25\r\n0,\r\n1,0.5\r\n2,0.7", encoding="utf-8")
    assert read_curve(path, "val/R1@0.3") == {0: 0.25, 1: 0.5}
    assert read_curve(path, "val/R1@0.5") == {}
