"""``spotvmr completion``: the script with which bash completes commands, settings and their choices.

argcomplete and shtab complete the options of an argparse parser. The words here are ``key=value``, which bash divides
at the equals sign, so either library would need as much code to complete the values. The script holds every word, so
that completing starts no Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.table import COMMANDS, Command
from spotvmr.config import Config
from spotvmr.config.folders import choices
from spotvmr.config.keys import Key, all_keys
from spotvmr.config.schema import GROUPS

_SCRIPT = r"""# Completion of spotvmr in bash; made by `spotvmr completion`.
_spotvmr() {{
  local line="${{COMP_LINE:0:COMP_POINT}}" current words
  current="${{line##* }}"
  case "$line" in
{cases}
    *) words="{commands}" ;;
  esac
  case "$current" in
{values}
    *=*) words="" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ ${{#COMPREPLY[@]}} -eq 1 && "${{COMPREPLY[0]}}" == *= ]] && compopt -o nospace 2> /dev/null
  # Bash divides words at "=": what stands before it is there already.
  [[ "$current" == *=* && "$COMP_WORDBREAKS" == *=* ]] && COMPREPLY=("${{COMPREPLY[@]#*=}}")
  return 0
}}
complete -o bashdefault -o default -F _spotvmr spotvmr
"""


def run(_: Config, arguments: Arguments) -> dict[str, Any]:
    """Print the script.

    Returns:
        The script.
    """
    text = script()
    arguments.show(text)
    return {"script": text}


def script() -> str:
    """The script, with every command, key and choice in it."""
    cases = "\n".join(f'    *"spotvmr {name} "*) words="{" ".join(_words(c))}" ;;' for name, c in COMMANDS.items())
    values = "\n".join(f'    {name}=*) words="{" ".join(found)}" ;;' for name, found in _values())
    return _SCRIPT.format(cases=cases, commands=" ".join(COMMANDS), values=values)


def _words(command: Command) -> Iterator[str]:
    """What may follow a command."""
    yield from command.words
    yield from (f"{option}=" for option in command.options)
    for key in all_keys().values():
        if any(_completes(key, read) for reads in command.reads for read in reads.keys):
            yield f"{key.name}="
    yield from ("--json", "--help")


def _completes(key: Key, read: str) -> bool:
    """Whether a key is read and can be set: a setting, or a group with choices."""
    settable = key.group is None or key.name in GROUPS
    return settable and (read == "*" or key.name == read or key.name.startswith(f"{read}."))


def _values() -> Iterator[tuple[str, list[str]]]:
    """Keys whose values can be listed, with ``key=value`` of each."""
    for group in GROUPS:
        yield group, [f"{group}={choice}" for choice in choices(group)]
    for key in all_keys().values():
        allowed = ["true", "false"] if key.kind is bool else list(key.limit.choices) if key.limit else []
        if found := [text for text in allowed if text.replace("-", "").replace("_", "").isalnum()]:
            yield key.name, [f"{key.name}={text}" for text in found]
