"""Texts of ``--help`` and of ``spotvmr help``, made from the table of commands and the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.reads import described
from spotvmr.cli.table import COMMANDS, Reads
from spotvmr.config import Config
from spotvmr.config.folders import choices
from spotvmr.config.keys import Key, all_keys, shown_default, type_name
from spotvmr.config.schema import GROUPS
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError

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

_FURTHER = """
'spotvmr help trainer.lr' explains a setting, 'spotvmr help train' a command.
Bash completes commands, settings and choices after: source <(spotvmr completion bash), a line for ~/.bashrc.
"""

_CODES = "exit codes: 0 done, 1 a fault of ours (with traceback), 2 the input is wrong (one line says what to do)"


def run(_: Config, arguments: Arguments) -> dict[str, Any]:
    """Explain a command, a setting or a group of settings; without a word, the command line.

    Returns:
        The text.

    Raises:
        UserError: There is no such command, setting or group.
    """
    text = explain(arguments.words[0]) if arguments.words else overview()
    arguments.show(text)
    return {"text": text}


def explain(word: str) -> str:
    """The help of a command, or of a key with the keys of its group.

    Raises:
        UserError: There is no such command, setting or group.
    """
    keys = all_keys()
    if word in COMMANDS:
        return of_command(word)
    if word not in keys:
        raise UserError(f"no command and no setting is called '{word}': {did_you_mean(word, [*COMMANDS, *keys])}")
    if keys[word].group is None:
        return _of_key(keys[word])
    return "\n".join(_of_keys([key for name, key in keys.items() if _within(name, word)])) + "\n"


def overview() -> str:
    """Help of ``spotvmr`` itself."""
    commands = {name: command.help for name, command in COMMANDS.items()}
    parts = [_USAGE, "", f"commands:\n{_rows(commands)}", "", f"flags:\n{_rows(_FLAGS)}", _SETTINGS + _FURTHER, _CODES]
    return "\n".join(parts) + "\n"


def of_command(name: str) -> str:
    """Help of one command: its own words, then the settings that it reads."""
    command = COMMANDS[name]
    own = {**command.words, **{f"{key}=…": line for key, line in command.options.items()}}
    free = f" {command.free}" if command.free else ""
    settings = " [group=choice] [key=value …]" if command.reads else ""
    parts = [f"usage: spotvmr {name}{free}{settings} [--json]", "", command.help]
    if own:
        parts += ["", "its own words:", _rows(own)]
    for reads in command.reads:
        when = f" {described(reads)}" if reads.when else ""
        parts += ["", f"settings that it reads{when}:", *_of_reads(reads)]
    return "\n".join([*parts, _SETTINGS if command.reads else ""])


def _of_reads(reads: Reads) -> Iterator[str]:
    keys = [key for key in all_keys().values() if any(_within(key.name, read) for read in reads.keys)]
    if any(key.name in GROUPS for key in keys):
        yield "  experiment=…  settings of a name in experiments/, or of a YAML file"
    yield from _of_keys(keys)


def _within(name: str, read: str) -> bool:
    """Whether a key is one that is read; a group of which only a part is read is none."""
    return read == "*" or name == read or name.startswith(f"{read}.")


def _of_keys(keys: list[Key]) -> Iterator[str]:
    """Lines of keys, those of a group below its line."""
    for parent, members in groupby((key for key in keys if key.group is None), lambda key: key.name.rpartition(".")[0]):
        if parent:
            yield f"\n  {parent}: {all_keys()[parent].meaning}"
        if parent in GROUPS:
            yield f"    {parent}=…  {', '.join(choices(parent))}, or a YAML file"
        yield _rows({f"  {key.name}={shown_default(key)}": _line(key) for key in members})


def _line(key: Key) -> str:
    """Meaning of a setting, the models that have it, type, unit and limit."""
    models = f"of {', '.join(key.models)}" if key.models else ""
    facts = (models, type_name(key.kind), key.unit, key.limit.words if key.limit else "")
    return f"{key.meaning} [{'; '.join(filter(None, facts))}]"


def _of_key(key: Key) -> str:
    """One setting at length."""
    readers = [
        name
        for name, command in COMMANDS.items()
        if any(_within(key.name, read) for r in command.reads for read in r.keys)
    ]
    facts = {
        "type": type_name(key.kind),
        "default": shown_default(key),
        "unit": key.unit,
        "limit": key.limit.words if key.limit else "",
        "models": ", ".join(key.models),
        "read by": ", ".join(readers),
    }
    return f"{key.name}: {key.meaning}\n{_rows({name: text for name, text in facts.items() if text})}\n"


def _rows(lines: Mapping[str, str]) -> str:
    width = max(map(len, lines))
    return "\n".join(f"  {name:<{width}}  {line}" for name, line in lines.items())
