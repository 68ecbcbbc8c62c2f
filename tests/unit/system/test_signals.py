"""SIGTERM is an exception in the main thread, and is not lost where somebody catches it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from spotvmr.system.signals import TERMINATED, Terminated, end_if_terminated, raise_on_sigterm


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """Put the handler of before back."""
    before = signal.getsignal(signal.SIGTERM)
    raise_on_sigterm()
    yield
    raise_on_sigterm()
    signal.signal(signal.SIGTERM, before)


def test_sigterm_raises_an_exit_with_143() -> None:
    with pytest.raises(Terminated) as caught:
        os.kill(os.getpid(), signal.SIGTERM)
    assert caught.value.code == TERMINATED == 143


def test_a_signal_that_a_library_caught_still_ends_the_command() -> None:
    end_if_terminated()
    with suppress(BaseException):  # as the library does
        os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(Terminated):
        end_if_terminated()
