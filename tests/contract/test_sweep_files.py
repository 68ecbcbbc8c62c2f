"""The sweep files: an agent of W&B makes commands of them that the settings understand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

from spotvmr.cli.parsing.arguments import parse_arguments
from spotvmr.config import Config, compose
from spotvmr.config.folders import CONF
from spotvmr.sweeps import read_sweep

FILES = sorted((CONF / "sweep").glob("*.yaml"))


def expand(plain: Mapping[str, Any], values: Mapping[str, Any]) -> list[str]:
    """The command of a run, as ``wandb_agent.Agent._command_run`` puts it together."""
    macros = create_sweep_command_args({"args": {key: {"value": value} for key, value in values.items()}})
    macros["env"] = ["/usr/bin/env"]
    words: list[str] = []
    for chunk in map(str, create_sweep_command(list(plain["command"]))):
        is_macro = chunk.startswith("${") and chunk.endswith("}")
        words += macros.get(chunk[2:-1], []) if is_macro else [chunk]
    return words


def some_points(plain: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every value of a list with every other; of a range its ends and its middle."""
    axes = []
    for parameter in plain["parameters"].values():
        low, high = parameter.get("min"), parameter.get("max")
        axes.append(parameter.get("values") or [low, (low + high) / 2 if isinstance(low, float) else low + 1, high])
    for point in itertools.islice(itertools.product(*axes), 400):
        yield dict(zip(plain["parameters"], point, strict=True))


def composed(words: list[str]) -> Config:
    assert words[:3] == ["/usr/bin/env", "spotvmr", "train"]
    return compose(parse_arguments(words[2:]).overrides)


def test_there_is_one_of_each_kind() -> None:
    kinds = [yaml.safe_load(path.read_text()) for path in FILES]
    assert {kind["method"] for kind in kinds} == {"grid", "random", "bayes"}
    assert any(kind.get("early_terminate", {}).get("type") == "hyperband" for kind in kinds)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_an_agent_makes_of_it_composes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_RUN_ID", "a1b2c3d4")
    plain = yaml.safe_load(path.read_text(encoding="utf-8"))
    points = list(some_points(plain))
    for values in points[:: max(1, len(points) // 12)]:
        config = composed(expand(plain, values))
        assert config.log.wandb
        assert config.name == f"{path.stem}-a1b2c3d4"  # runs of one sweep have folders of their own
        for key, value in values.items():
            found: Any = config
            for part in key.split("."):
                found = getattr(found, part)
            assert getattr(found, "name", found) == value  # a group's choice is the name of its settings


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_this_machine_runs_the_same_words(path: Path) -> None:
    sweep = read_sweep(path)
    assert sweep.name == path.stem
    values = {key: parameter.examples[0] for key, parameter in sweep.parameters.items()}
    assert ["/usr/bin/env", "spotvmr", "train", *sweep.command.words(values)] == expand(sweep.plain, values)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_its_head_gives_the_command(path: Path) -> None:
    head = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    assert any(f"make sweep SWEEP=conf/sweep/{path.name}" in line for line in head)


def test_nothing_and_truth_arrive_as_they_were_meant() -> None:
    """The agent is written in Python: null arrives as None, true as True, and small numbers as 1e-05."""
    plain = {"command": ["${env}", "spotvmr", "train", "${args_no_hyphens}"]}
    values = {"dataset.val": None, "trainer.any_budget": False, "trainer.lr": 1e-5, "log.wandb": True}
    words = expand(plain, values)
    assert words[3:] == ["dataset.val=None", "trainer.any_budget=False", "trainer.lr=1e-05", "log.wandb=True"]
    config = composed(words)
    assert config.dataset.val is None
    assert (config.trainer.any_budget, config.trainer.lr, config.log.wandb) == (False, 1e-5, True)
