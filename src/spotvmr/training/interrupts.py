"""Signals during a training: Lightning ends it in good order, the command then ends as any other."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

from lightning.pytorch.utilities.exceptions import SIGTERMException

from spotvmr.system.signals import Terminated


@contextmanager
def interrupts() -> Iterator[None]:
    """Turn Lightning's silent ends into the exceptions that the command line knows.

    Lightning stops at the end of a batch on SIGTERM, and exits with code 0. It exits with code 1 on SIGINT, and ignores
    further ones.

    Raises:
        Terminated: SIGTERM arrived.
        KeyboardInterrupt: SIGINT arrived.
    """
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SIGTERMException as error:
        raise Terminated from error
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            signal.signal(signal.SIGINT, on_interrupt)
            raise KeyboardInterrupt from error
        raise
