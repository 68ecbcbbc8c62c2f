"""The command of a sweep file, expanded as by a W&B agent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spotvmr.errors import UserError

_ARGS = "${args_no_hyphens}"
_EXAMPLE = '["${env}", "spotvmr", "train", "${args_no_hyphens}"]'


@dataclass(frozen=True)
class CommandLine:
    """A ``spotvmr train`` command to which the values of a trial are added.

    Attributes:
        fixed: Words common to all trials.
    """

    fixed: tuple[str, ...]

    def words(self, values: Mapping[str, Any], overrides: Sequence[str] = ()) -> list[str]:
        """The words after ``spotvmr train``: common words, ``overrides``, then the values of the trial.

        >>> CommandLine(("trainer=fast",)).words({"budget": 0.1, "dataset.val": None}, ["seed=3"])
        ['trainer=fast', 'seed=3', 'budget=0.1', 'dataset.val=None']
        """
        return [*self.fixed, *overrides, *(f"{key}={value}" for key, value in values.items())]


def read_command(command: Any, where: str) -> CommandLine:
    """Read ``command:`` of a sweep file.

    Raises:
        UserError: It does not start ``spotvmr train`` with the values of a trial as ``key=value``.
    """
    if not isinstance(command, list):
        raise UserError(f"{where} has no command: write 'command: {_EXAMPLE}'")
    words = [str(word) for word in command if word != "${env}"]
    if words[:2] != ["spotvmr", "train"] or _ARGS not in words:
        raise UserError(f"command in {where} does not start 'spotvmr train': write {_EXAMPLE}, settings in between")
    return CommandLine(tuple(word for word in words[2:] if word != _ARGS))


def with_overrides(command: Sequence[Any], overrides: Sequence[str]) -> list[Any]:
    """The command with ``overrides`` before the values of a trial."""
    place = list(command).index(_ARGS)
    return [*command[:place], *overrides, *command[place:]]
