"""SIGTERM as an exception, so that a command that is ended cleans up and says so."""

from __future__ import annotations

import signal
import threading

TERMINATED = 128 + signal.SIGTERM
"""Exit code of a process that SIGTERM ended: 143, as shells report it."""


class Terminated(SystemExit):
    """SIGTERM arrived."""

    def __init__(self) -> None:
        super().__init__(TERMINATED)


_received = threading.Event()


def raise_on_sigterm() -> None:
    """Let SIGTERM raise ``Terminated`` in the main thread; elsewhere nothing can be set, and nothing is."""
    _received.clear()
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _raise)


def end_if_terminated() -> None:
    """Raise ``Terminated`` if SIGTERM arrived and a library caught it, as some do while they are imported."""
    if _received.is_set():
        raise Terminated


def _raise(*_: object) -> None:
    _received.set()
    raise Terminated
