"""The one exception that means: the user's input is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class UserError(Exception):
    """The user's input is wrong; the message is one line and says how to mend it.

    The command line prints the message alone on stderr and exits with code 2.
    Write it as: what is wrong, where, which limit was broken, what to do.

    Args:
        message: That line. Line breaks in it become spaces: it may quote a file.
        result: What a command found before it failed, for ``--json``; nothing is printed there without it.
    """

    def __init__(self, message: str, result: Mapping[str, Any] | None = None) -> None:
        super().__init__(" ".join(message.splitlines()))
        self.result = result
