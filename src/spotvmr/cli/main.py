"""The ``spotvmr`` command: finds the command, composes its settings, runs it, turns errors into exit codes."""

from __future__ import annotations

import errno
import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from spotvmr import __version__
from spotvmr.cli.help import texts
from spotvmr.cli.output import first_process, printable, stdout_for_any_text, stdout_kept_for_json, write_json
from spotvmr.cli.parsing.arguments import Arguments, parse_arguments
from spotvmr.cli.parsing.reads import check_read
from spotvmr.cli.table import COMMANDS
from spotvmr.config import compose
from spotvmr.errors import UserError
from spotvmr.system.extras import what_is_missing
from spotvmr.system.signals import TERMINATED, Terminated, end_if_terminated, raise_on_sigterm

_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: The words after ``spotvmr``; those of the process when None.

    Returns:
        0 done, 2 the user's input is wrong, 130 interrupted, 143 terminated. Our own faults are raised, which Python
        makes 1.
    """
    raise_on_sigterm()
    stdout_for_any_text()
    try:
        _run(parse_arguments(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        end_if_terminated()
    except UserError as error:
        return _complain(" ".join(str(error).splitlines()))
    except KeyboardInterrupt:
        sys.stderr.write("spotvmr: interrupted\n")
        return 130
    except Terminated:
        sys.stderr.write("spotvmr: terminated\n")
        return TERMINATED
    except BrokenPipeError:
        # The reader has seen enough, as in `spotvmr config | head`; Python would complain again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        if error.errno not in _FULL_DISK:
            raise
        return _complain(f"the disk is full ({error.filename or 'while writing'}): free some space and run this again")
    return 0


def _run(arguments: Arguments) -> None:
    if arguments.version:
        sys.stdout.write(f"spotvmr {__version__}\n")
    elif arguments.help or not arguments.command:
        sys.stdout.write(printable(texts.of_command(arguments.command) if arguments.command else texts.overview()))
    else:
        try:
            _run_command(arguments)
        except ModuleNotFoundError as error:
            if line := what_is_missing(arguments.command, error):
                raise UserError(line) from error
            raise


def _run_command(arguments: Arguments) -> None:
    level = logging.INFO if first_process() else logging.WARNING
    logging.basicConfig(stream=sys.stderr, level=level, format="%(message)s")
    command = COMMANDS[arguments.command]
    config = compose(arguments.overrides, also_known=tuple(command.options))
    check_read(arguments)
    run = _function(command.target)
    if not arguments.json:
        run(config, arguments)
        return
    try:
        with stdout_kept_for_json():
            result = run(config, arguments)
    except UserError as error:
        if error.result is not None:
            write_json(error.result)
        raise
    write_json(result)


def _function(target: str) -> Callable[..., dict[str, Any]]:
    module, _, name = target.partition(":")
    function: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), name)
    return function


def _complain(line: str) -> int:
    sys.stderr.write(f"spotvmr: {line}\n")
    return 2
