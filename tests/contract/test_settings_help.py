"""The contract of the settings' own words: help, JSON schema, completion, and which command reads which setting."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from spotvmr.assembly.data import FORMATS
from spotvmr.cli.help.completion import script
from spotvmr.cli.main import main
from spotvmr.cli.parsing.arguments import parse_arguments
from spotvmr.cli.parsing.reads import check_read, settings_read_by
from spotvmr.cli.table import COMMANDS
from spotvmr.config import GROUPS, as_plain, compose
from spotvmr.config.folders import CONF
from spotvmr.config.json_schema import json_schema
from spotvmr.config.keys import all_keys
from spotvmr.errors import UserError

SETTINGS = [key for key in all_keys().values() if key.group is None]


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == 0
    return capsys.readouterr().out


# Help


def test_every_setting_says_what_it_is() -> None:
    assert len(SETTINGS) > 130
    assert [key.name for key in SETTINGS if len(key.meaning) < 5 or key.meaning.endswith(".")] == []


def test_every_setting_is_printed_by_some_help(capsys: pytest.CaptureFixture[str]) -> None:
    texts = "".join(printed(capsys, name, "--help") for name in COMMANDS if name != "config")
    assert [key.name for key in SETTINGS if f"  {key.name}=" not in texts] == []
    everything = printed(capsys, "config", "--help")
    assert [key.name for key in SETTINGS if f"  {key.name}=" not in everything] == []


def test_help_of_a_command_prints_default_meaning_type_unit_and_limit(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.split()) for line in printed(capsys, "train", "--help").splitlines()]
    assert "dataset.clip_s=1.0 length of a clip [a number; seconds; above 0 and finite]" in lines
    assert "log.entity=null W&B user or team; null: the default one [a text or null]" in lines
    assert "expert.frames=8 frames of a clip, at uniform distances [a whole number; at least 1]" in lines
    assert "trainer=… default, fast, or a YAML file" in lines
    assert not any(line.startswith("paths.cache") for line in lines)


def test_help_explains_one_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "help", "trainer.ema").splitlines() == [
        "trainer.ema: decay per step of the averaged weights, which are validated and kept; 0: none",
        "  type     a number",
        "  default  0.99",
        "  limit    at least 0 and below 1",
        "  read by  demo, train, bench, sweep, config",
    ]


def test_help_explains_a_group_or_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    group = printed(capsys, "help", "distill")
    assert group.count("distill.") == 5
    assert printed(capsys, "help", "train") == printed(capsys, "train", "--help")
    assert printed(capsys, "help") == printed(capsys, "--help")


def test_help_of_an_unknown_word_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help", "trainr.lr"]) == 2
    assert "did you mean 'trainer.lr'?" in capsys.readouterr().err


def test_the_formats_of_the_schema_are_those_that_are_read() -> None:
    limit = all_keys()["dataset.format"].limit
    assert limit is not None
    assert set(limit.choices) == set(FORMATS)


# JSON schema


def test_the_json_schema_is_one_and_takes_the_composed_settings(capsys: pytest.CaptureFixture[str]) -> None:
    schema = json.loads(printed(capsys, "config", "--schema"))
    assert schema == json_schema()
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(as_plain(compose()))
    Draft202012Validator(schema).validate(yaml.safe_load((CONF / "base.yaml").read_text(encoding="utf-8")))


def choices_with_files() -> Iterator[tuple[str, Path]]:
    yield from ((group, path) for group in GROUPS for path in sorted((CONF / group).rglob("*.yaml")))


@pytest.mark.parametrize(("group", "path"), list(choices_with_files()), ids=lambda value: getattr(value, "stem", value))
def test_the_json_schema_takes_every_file_of_a_group(group: str, path: Path) -> None:
    from spotvmr.config.layers import read_tree

    tree = read_tree(path)
    tree.pop("defaults", None)
    Draft202012Validator(json_schema()).validate({group: tree})


@pytest.mark.parametrize(
    "wrong",
    [
        {"budget": 0},
        {"budget": "much"},
        {"trainer": {"lrr": 1}},
        {"trainer": {"precision": "8"}},
        {"selector": {"steps": 0}},
        {"defaults": {"selectr": "all"}},
    ],
)
def test_the_json_schema_refuses_what_the_checks_refuse(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Draft202012Validator(json_schema()).validate(wrong)


# Which command reads which setting


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report", "trainer.lr=5"], "'spotvmr report' does not read trainer.lr"),
        (["report", "index=rio"], "does not read index"),
        (["report", "device=tpu"], "does not read device"),
        (["report", "experiment=main_job"], "does not read experiment"),
        (["search", "a.mp4", "q", "run=runs/x", "model=snag"], "'spotvmr search' does not read model"),
        (["search", "a.mp4", "q", "run=runs/x", "selector.steps=1"], "does not read selector.steps"),
        (
            ["search", "a.mp4", "q", "run=runs/x", "name=y"],
            "which it reads only without run and without zero_shot",
        ),
        (["search", "a.mp4", "q", "index=rio"], "index=, which it reads only with zero_shot"),
        (["evaluate", "run=runs/x", "trainer.lr=1"], "does not read trainer.lr"),
        (["evaluate", "format=jsonl", "budget=0.2"], "budget=, which it reads only without format"),
        (["index", "model=snag"], "does not read model"),
        (["demo", "model=snag"], "model=, which it reads only with check"),
        (["demo", "check", "selector=all"], "'spotvmr demo check' does not read selector"),
        (["cost", "trainer.lr=1"], "does not read trainer.lr"),
        (["haystack", "dataset=mad"], "does not read dataset"),
        (["help", "seed=1"], "does not read seed"),
    ],
)
def test_a_setting_that_a_command_does_not_read_is_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ["report", "paths.runs=x"],
        ["search", "a.mp4", "q", "run=x", "budget=0.2", "device=cpu", "paths.cache=c", "video.backend=pyav"],
        ["search", "a.mp4", "q", "dataset=mad", "paths.runs=x"],
        ["search", "a.mp4", "q", "--zero-shot", "index.pretrained=random", "expert=vit-l-14"],
        ["app", "dataset.root=films"],
        ["evaluate", "run=x", "budget=0.2", "dataset=mad"],
        ["evaluate", "format=jsonl", "dataset.iou_rule='>'"],
        ["index", "dataset=mad", "index.batch_clips=8", "device=cuda", "experiment=main_job"],
        ["demo", "check", "model=snag", "trainer=fast", "paths.runs=x"],
        ["train", "experiment=main_job", "model=snag", "log.wandb=true"],
        ["config", "paths.cache_gb=2"],
    ],
)
def test_a_setting_that_a_command_reads_is_taken(words: list[str]) -> None:
    check_read(parse_arguments(words))


def test_a_mistyped_setting_is_named_before_it_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "trainr.lr=5"]) == 2
    assert "unknown key 'trainr'" in capsys.readouterr().err


def test_the_settings_of_a_training_that_its_index_reads() -> None:
    words = ["trainer=fast", "dataset=mad", "log.wandb=false", "paths.features=f", "budget=0.2", "experiment=main_job"]
    assert settings_read_by("index", words) == ["dataset=mad", "paths.features=f", "experiment=main_job"]


def test_every_command_reads_only_keys_that_there_are() -> None:
    named = {key for command in COMMANDS.values() for reads in command.reads for key in reads.keys}
    assert named - {"*"} <= set(all_keys())


# Completion


def completed(line: str, folder: Path) -> list[str]:
    """What bash offers at the end of a line."""
    (folder / "completion.sh").write_text(script(), encoding="utf-8")
    code = 'source completion.sh; COMP_LINE="$1"; COMP_POINT=${#1}; _spotvmr; printf "%s\\n" "${COMPREPLY[@]}"'
    command = ["bash", "--norc", "-c", code, "bash", line]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder, timeout=30)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("spotvmr do", ["doctor"]),
        (
            "spotvmr train trainer.w",
            ["trainer.weight_decay=", "trainer.warmup=", "trainer.window_clips=", "trainer.workers="],
        ),
        ("spotvmr train selector=one", ["one_shot"]),
        ("spotvmr train trainer=fast index=imp", []),
        ("spotvmr train index=clip-m", ["clip-mad"]),
        ("spotvmr train log.wandb=t", ["true"]),
        ("spotvmr report trainer", []),
        ("spotvmr report pic", ["picture="]),
        ("spotvmr demo ch", ["check"]),
    ],
)
def test_bash_completes_commands_settings_and_choices(line: str, offered: list[str], tmp_path: Path) -> None:
    assert completed(line, tmp_path) == offered


def test_the_completion_is_printed_and_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "completion", "bash") == script()
    assert "source <(spotvmr completion bash)" in printed(capsys, "--help")


def test_an_unread_setting_needs_no_run_to_be_refused() -> None:
    with pytest.raises(UserError, match="does not read text"):
        check_read(parse_arguments(["cost", "text=hf"]))
