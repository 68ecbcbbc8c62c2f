"""The words of a command line, sorted.

A hand-written parser, for the words are ``key=value``. Typer, cyclopts and argparse know ``--key value`` only. All 160
settings would have to become such options, and W&B sweeps, YAML paths and ``group=choice`` would need a second syntax.
jsonargparse reads nested settings, but it knows no groups of files, and its import alone takes longer than the 0.3 s
that ``--help`` may take. So argparse reads the flags, and this module sorts the rest by the table of commands and the
schema, which also give help texts and shell completion.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from spotvmr.cli.table import COMMANDS, Command
from spotvmr.config.keys import all_keys
from spotvmr.config.suggest import did_you_mean, nearest_first
from spotvmr.errors import UserError

_KEY = re.compile(r"[A-Za-z_][\w.]*")
_FLAGS = {"--zero-shot": "zero_shot=true", "--csv": "table=csv", "--latex": "table=latex", "--schema": "schema=true"}
"""Flags that are another way to write an option."""


@dataclass(frozen=True)
class Arguments:
    """What the user typed after ``spotvmr``.

    Attributes:
        command: Name of the command; empty when none was given.
        overrides: ``key=value`` tokens that are settings.
        words: Bare words, each one known to the command, unless it takes free ones.
        options: ``key=value`` arguments that are no settings, each one known to the command.
        json: Whether stdout belongs to one JSON object.
        help: Whether help was requested.
        version: Whether the version was requested.
    """

    command: str
    overrides: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    json: bool = False
    help: bool = False
    version: bool = False

    @property
    def stdout_taken(self) -> bool:
        """Whether stdout belongs to one JSON object, or to one table for machines or papers."""
        return self.json or "table" in self.options

    def show(self, text: str) -> None:
        """Print a result for people on stdout, unless that is taken."""
        if not self.stdout_taken:
            sys.stdout.write(text if text.endswith("\n") else f"{text}\n")


class _Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line like all others."""

    def error(self, message: str) -> NoReturn:
        """Raise ``UserError`` where argparse would print its usage and leave."""
        raise UserError(f"{message}; settings are given as key=value, flags are --json and --help")


def parse_arguments(argv: Sequence[str]) -> Arguments:
    """Sort the words of a command line.

    Raises:
        UserError: The command, a flag or a bare word is unknown.
    """
    parser = _Parser(prog="spotvmr", add_help=False, allow_abbrev=False)
    parser.add_argument("tokens", nargs="*")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--version", action="store_true")
    given = parser.parse_intermixed_args([_FLAGS.get(word, word) for word in argv])
    if not given.tokens:
        return Arguments("", json=given.json, help=given.help, version=given.version)
    name, *rest = given.tokens
    if name not in COMMANDS:
        listed = ", ".join(nearest_first(name, COMMANDS))
        raise UserError(
            f"unknown command '{name}': {did_you_mean(name, COMMANDS)} choose from {listed}; "
            "'spotvmr --help' explains them"
        )
    for flag in argv:
        if flag in _FLAGS and _pair(_FLAGS[flag])[0] not in COMMANDS[name].options:
            raise UserError(f"{flag} means nothing to 'spotvmr {name}'; 'spotvmr {name} --help' lists its words")
    return _sorted(name, rest, given)


def _sorted(name: str, rest: Sequence[str], given: argparse.Namespace) -> Arguments:
    command = COMMANDS[name]
    bare = [token for token in rest if not _is_pair(token, command)]
    for place, word in enumerate(bare):
        if word not in command.words and not command.free:
            raise UserError(_unknown_word(name, command, bare[place : place + 2]))
    pairs = [token for token in rest if _is_pair(token, command)]
    options = dict(_pair(token) for token in pairs if _pair(token)[0] in command.options)
    overrides = tuple(token for token in pairs if _pair(token)[0] not in command.options)
    return Arguments(name, overrides, tuple(bare), options, given.json, given.help, given.version)


def _is_pair(token: str, command: Command) -> bool:
    """Whether a token is ``key=value``.

    Among free words only what can be a key makes one, so "why is x = 3" is a word; so is the name of a file that is
    there, unless it begins with a known key.
    """
    key, equals, _ = token.partition("=")
    if not equals or not command.free:
        return bool(equals)
    known = key in command.options or key in all_keys() or key == "experiment"
    return known or (_KEY.fullmatch(key) is not None and not _exists(token))


def _exists(name: str) -> bool:
    try:
        return Path(name).exists()
    except (OSError, ValueError):  # too long, or with a null
        return False


def _unknown_word(name: str, command: Command, words: Sequence[str]) -> str:
    """The complaint about the first of some words; the next one may be its value."""
    word, *following = words
    line = f"'{word}' means nothing to 'spotvmr {name}'"
    if word in command.options or word in all_keys() or word == "experiment":
        return f"{line}: did you mean {word}={following[0] if following else '…'}?"
    known = [*command.words, *(f"{key}=…" for key in command.options)]
    hint = f"{did_you_mean(word, known)} " if known else ""
    return f"{line}: {hint}settings are given as key=value, such as budget=0.1"


def _pair(token: str) -> tuple[str, str]:
    key, _, value = token.partition("=")
    return key, value
