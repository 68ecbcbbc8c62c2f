"""Which settings a command reads. A setting that it does not read is refused, for it would have no effect."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import FALSE
from spotvmr.cli.table import COMMANDS, Reads
from spotvmr.config.schema import GROUPS
from spotvmr.errors import UserError


def check_read(arguments: Arguments) -> None:
    """Refuse settings that a command does not read.

    Raises:
        UserError: Names the first such key, and when the command reads it, if ever.
    """
    keys = list(_keys_read(arguments))
    for token in arguments.overrides:
        key = token.partition("=")[0]
        if not _is_read(key, keys):
            raise UserError(_refusal(key, arguments))


def settings_read_by(command: str, overrides: Sequence[str]) -> list[str]:
    """Those of some ``key=value`` tokens that a command reads without options."""
    keys = list(_keys_read(Arguments(command)))
    return [token for token in overrides if _is_read(token.partition("=")[0], keys)]


def is_covered(key: str, by: str) -> bool:
    """Whether a key is ``by``, is inside the group ``by``, or is a group that holds ``by``.

    >>> is_covered("trainer.lr", "trainer"), is_covered("dataset", "dataset.name"), is_covered("text", "trainer")
    (True, True, False)
    """
    return by == "*" or key == by or key.startswith(f"{by}.") or by.startswith(f"{key}.")


def _keys_read(arguments: Arguments) -> Iterator[str]:
    for reads in COMMANDS[arguments.command].reads:
        if all(_holds(condition, arguments) for condition in reads.when):
            yield from reads.keys


def _holds(condition: str, arguments: Arguments) -> bool:
    """Whether a word or an option is given; of one that starts with ``-`` whether it is not."""
    name = condition.removeprefix("-")
    if name.isupper():
        given = bool(arguments.words)
    else:
        given = name in arguments.words or arguments.options.get(name, "false").lower() not in FALSE
    return given != condition.startswith("-")


def _is_read(key: str, keys: Sequence[str]) -> bool:
    if key == "experiment":
        return any(read == "*" or read.partition(".")[0] in GROUPS for read in keys)
    return any(is_covered(key, read) for read in keys)


def _refusal(key: str, arguments: Arguments) -> str:
    command = COMMANDS[arguments.command]
    name = " ".join((arguments.command, *(word for word in arguments.words if word in command.words)))
    line = f"'spotvmr {name}' does not read {key}: leave out {key}="
    for reads in command.reads:
        if _is_read(key, reads.keys):
            return f"{line}, which it reads only {described(reads)}"
    return f"{line}; 'spotvmr {arguments.command} --help' lists what it reads"


def described(reads: Reads) -> str:
    """The conditions for people.

    >>> described(Reads(("name",), ("-run", "zero_shot")))
    'without run and with zero_shot'
    """
    return " and ".join(
        f"without {condition[1:]}" if condition.startswith("-") else f"with {condition}" for condition in reads.when
    )
