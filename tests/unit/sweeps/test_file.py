"""Sweep files: what is read, and one line for whatever is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spotvmr.errors import UserError
from spotvmr.sweeps import Hyperband, Parameter, read_sweep, run_on_server
from spotvmr.sweeps.command import with_overrides

Write = Callable[..., Path]


def test_what_is_read(write: Write) -> None:
    sweep = read_sweep(
        write(
            method="bayes",
            run_cap=7,
            parameters={
                "a": {"value": None},
                "b": {"min": 1, "max": 3},
                "c": {"min": 0.5, "max": 1},
                "d": {"distribution": "log_uniform_values", "min": "1e-4", "max": 1},
                "e": {"distribution": "q_uniform", "min": 0, "max": 1, "q": 0.25},
            },
        )
    )
    assert (sweep.name, sweep.method, sweep.metric, sweep.maximise, sweep.run_cap) == (
        "tiny", "bayes", "val/R1@0.3", True, 7,
    )  # fmt: skip
    assert sweep.command.fixed == ("fixed=1",)
    assert dict(sweep.parameters) == {
        "a": Parameter((None,)),
        "b": Parameter((), 1, 3, whole=True),
        "c": Parameter((), 0.5, 1.0),
        "d": Parameter((), 1e-4, 1.0, log=True),
        "e": Parameter((), 0.0, 1.0, step=0.25),
    }


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"min_iter": 2}, Hyperband(2, None, 3)),
        ({"min_iter": 1, "eta": 2}, Hyperband(1, None, 2)),
        ({"max_iter": 27, "s": 2}, Hyperband(3, 27, 3)),
        ({"max_iter": 4, "s": 5}, Hyperband(1, 4, 3)),
    ],
)
def test_hyperband_is_read_as_the_server_does(write: Write, given: dict[str, int], read: Hyperband) -> None:
    assert read_sweep(write(early_terminate={"type": "hyperband", **given})).hyperband == read


@pytest.mark.parametrize(
    ("keys", "parts"),
    [
        ({"method": "gird"}, ["'gird'", "grid, random, bayes"]),
        ({"metric": None}, ["no validation metric", "val/R1@0.3"]),
        ({"metric": {"name": "test/R1@0.3"}}, ["'test/R1@0.3'", "val/R1@0.3"]),
        ({"metric": {"name": "val/loss"}}, ["'val/loss'", "logged by no training", "did you mean"]),
        ({"metric": {"name": "val/mIoU", "goal": "up"}}, ["'up'", "maximize, minimize"]),
        ({"parameters": None}, ["no parameters"]),
        ({"parameters": {"trainer": {"parameters": {"lr": {"value": 1}}}}}, ["nested", "trainer.lr"]),
        ({"parameters": {"lr": {"min": 0.1, "max": 1.0}}}, ["lr", "a grid needs values"]),
        ({"parameters": {"lr": {"values": []}}}, ["lr", "no values"]),
        ({"parameters": {"lr": {"values": [[1]]}}}, ["lr", "[1]"]),
        ({"parameters": {"lr": {"distribution": "normal", "mu": 1}}}, ["lr", "normal", "log_uniform_values"]),
        ({"parameters": {"lr": {"values": [1, 2], "probabilities": [0.1, 0.9]}}}, ["lr", "probabilities"]),
        ({"parameters": {"lr": {}}}, ["lr", "unknown"]),
        ({"method": "random", "parameters": {"lr": {"min": 2.0, "max": 1.0}}}, ["lr", "min <= max"]),
        ({"method": "random", "parameters": {"lr": {"min": "a", "max": 1.0}}}, ["lr", "numbers"]),
        ({"command": None}, ["no command", "${args_no_hyphens}"]),
        ({"command": ["python", "train.py", "${args}"]}, ["spotvmr train"]),
        ({"command": ["spotvmr", "train"]}, ["spotvmr train", "${args_no_hyphens}"]),
        ({"early_terminate": {"type": "envelope"}}, ["hyperband"]),
        ({"early_terminate": {"type": "hyperband"}}, ["min_iter"]),
        ({"early_terminate": {"type": "hyperband", "min_iter": 0}}, ["min_iter=0", "at least 1"]),
        ({"early_terminate": {"type": "hyperband", "min_iter": 1, "eta": 1}}, ["eta=1"]),
        ({"run_cap": -1}, ["run_cap=-1"]),
        ({"name": "../x"}, ["'../x'"]),
    ],
)
def test_what_is_wrong_gets_one_line_that_names_the_file(write: Write, keys: dict[str, Any], parts: list[str]) -> None:
    path = write(**keys)
    with pytest.raises(UserError) as caught:
        read_sweep(path)
    line = str(caught.value)
    assert "\n" not in line
    assert [part for part in [*parts, "tiny.yaml"] if part not in line] == []


@pytest.mark.parametrize("text", ["", "- 1\n", "a: [1\n", "\x00"])
def test_a_file_that_is_no_sweep(tmp_path: Path, text: str) -> None:
    (path := tmp_path / "x.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"x\.yaml"):
        read_sweep(path)
    with pytest.raises(UserError, match=r"none\.yaml: .*conf/sweep/ has examples"):
        read_sweep(tmp_path / "none.yaml")


def test_overrides_of_a_server_sweep_stand_before_the_values() -> None:
    command = ["${env}", "spotvmr", "train", "${args_no_hyphens}"]
    assert with_overrides(command, ["seed=1"]) == ["${env}", "spotvmr", "train", "seed=1", "${args_no_hyphens}"]


def test_without_a_key_the_server_is_not_called_and_nobody_is_prompted(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match=r"not logged in to W&B: run 'wandb login' .*local=true \(make sweep LOCAL=1\)"):
        run_on_server(read_sweep(write()), [], "p", None, None)


def test_with_a_key_the_sweep_is_made_and_an_agent_started(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    import wandb

    calls: dict[str, Any] = {}
    monkeypatch.setenv("WANDB_API_KEY", "0" * 40)
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setattr(wandb, "sweep", lambda plain, **place: calls.update(plain=plain, place=place) or "x1y2")
    monkeypatch.setattr(wandb, "agent", lambda *of, **more: calls.update(of=of, more=more, path=os.environ["PATH"]))
    sweep = read_sweep(write())
    assert run_on_server(sweep, ["seed=1"], "spotvmr", "me", 3) == "me/spotvmr/x1y2"
    assert calls["plain"] == {**sweep.plain, "command": with_overrides(sweep.plain["command"], ["seed=1"])}
    assert (calls["of"], calls["more"]["count"]) == (("x1y2",), 3)
    assert calls["path"].split(os.pathsep)[0] == str(Path(sys.executable).parent)  # where `spotvmr` is
