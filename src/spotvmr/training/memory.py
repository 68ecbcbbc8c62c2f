"""Out of memory, as a line that says which setting to lower."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from spotvmr.config.schema import TrainerConfig
from spotvmr.errors import UserError

_SAID = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")
"""How torch's allocators complain: that of the CPU raises a plain RuntimeError."""


@contextmanager
def memory_errors(settings: TrainerConfig) -> Iterator[None]:
    """Turn running out of memory while training into a ``UserError``; other errors pass.

    Args:
        settings: Size of the batches, to be named.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        full = isinstance(error, MemoryError | torch.OutOfMemoryError)
        if not full and not any(words in str(error).lower() for words in _SAID):
            raise
        raise UserError(
            f"out of memory with trainer.batch_size={settings.batch_size} and "
            f"trainer.window_clips={settings.window_clips}: set trainer.batch_size={max(1, settings.batch_size // 2)}, "
            "or lower trainer.window_clips or model.dim"
        ) from error
