"""Texts of ``--help``."""

from __future__ import annotations

from collections.abc import Mapping

from spotvmr.cli.table import COMMANDS
from spotvmr.config.folders import choices
from spotvmr.config.schema import GROUPS

_USAGE = "usage: spotvmr <command> [group=choice] [key=value …] [--json] [--help]"

_SETTINGS = """
A later word wins: base < dataset < other groups < experiment < key=value.
'spotvmr config' prints every key with its value, 'spotvmr config key=value …' what these words make of them.
"""

_FLAGS = {
    "--json": "one JSON object on stdout and nothing else there; progress is on stderr in any case",
    "--help": "this text; after a command, its own",
    "--version": "the version",
}

_CODES = "exit codes: 0 done, 1 a fault of ours (with traceback), 2 the input is wrong (one line says what to do)"


def overview() -> str:
    """Help of ``spotvmr`` itself."""
    commands = {name: command.help for name, command in COMMANDS.items()}
    return f"{_USAGE}\n\ncommands:\n{_rows(commands)}\n\nflags:\n{_rows(_FLAGS)}\n{_SETTINGS}\n{_CODES}\n"


def of_command(name: str) -> str:
    """Help of one command."""
    command = COMMANDS[name]
    own = {**command.words, **{f"{key}=…": line for key, line in command.options.items()}}
    groups = {f"{group}=…": ", ".join(choices(group)) for group in GROUPS}
    groups |= {
        "experiment=…": "a name in experiments/, or a YAML file",
        "budget=…": "share of clips that get expert features",
    }
    free = f" {command.free}" if command.free else ""
    parts = [f"usage: spotvmr {name}{free} [group=choice] [key=value …] [--json]", "", command.help]
    if own:
        parts += ["", "its own words:", _rows(own)]
    return "\n".join([*parts, "", "settings:", _rows(groups), _SETTINGS])


def _rows(lines: Mapping[str, str]) -> str:
    width = max(map(len, lines))
    return "\n".join(f"  {name:<{width}}  {line}" for name, line in lines.items())
