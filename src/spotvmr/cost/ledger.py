"""The cost ledger: GFLOPs, seconds, frames and clips of every stage of a run."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from spotvmr.types.record import STAGES


@dataclass
class _Entry:
    gflops: float = 0.0
    seconds: float = 0.0
    frames: int = 0
    clips: int = 0


class Ledger:
    """Sums of the costs of each stage.

    Stages are ``decode``, ``index``, ``text``, ``selection``, ``expert`` and ``model``. A stage opened
    inside another pauses the outer one, so that decoding on demand inside the expert stage is paid
    once, and the seconds of all stages together never exceed the time that passed. One ledger belongs
    to one thread; ``merge`` joins those of several.

    Args:
        device: Where the work runs. On CUDA the queue is drained at the borders of a stage, since
            kernels return before they are done.
    """

    def __init__(self, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._entries = {stage: _Entry() for stage in STAGES}
        self._open: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str, gflops: float = 0.0, frames: int = 0, clips: int = 0) -> Iterator[None]:
        """Charge the time inside the ``with`` block to a stage, also when the block fails.

        Args:
            name: The stage.
            gflops: Work of the block, 2 FLOPs per multiply-add; charged on entry, as are the next two.
            frames: Frames decoded.
            clips: Clips encoded.

        Raises:
            ValueError: Unknown stage, or a negative or infinite amount.
        """
        self.add(name, gflops=gflops, frames=frames, clips=clips)
        self._settle()
        self._open.append(name)
        try:
            yield
        finally:
            self._settle()
            self._open.pop()

    def add(self, stage: str, gflops: float = 0.0, frames: int = 0, clips: int = 0, seconds: float = 0.0) -> None:
        """Add amounts to a stage.

        Raises:
            ValueError: Unknown stage, or a negative or infinite amount.
        """
        if stage not in self._entries:
            raise ValueError(f"unknown stage {stage!r}, known are {', '.join(STAGES)}")
        if not all(0 <= amount < math.inf for amount in (gflops, frames, clips, seconds)):
            raise ValueError(f"stage {stage}: costs must be finite and not negative")
        entry = self._entries[stage]
        entry.gflops += gflops
        entry.frames += frames
        entry.clips += clips
        entry.seconds += seconds

    def merge(self, other: Ledger) -> None:
        """Add all amounts of another ledger."""
        for stage, entry in other._entries.items():
            self.add(stage, entry.gflops, entry.frames, entry.clips, entry.seconds)

    @property
    def seconds(self) -> float:
        """Seconds of all stages together."""
        return sum(entry.seconds for entry in self._entries.values())

    @property
    def gflops(self) -> float:
        """GFLOPs of all stages together."""
        return sum(entry.gflops for entry in self._entries.values())

    def stages(self) -> dict[str, dict[str, float]]:
        """Return the ``stages`` of a run record: each stage with the counts it has there.

        Raises:
            ValueError: An amount was charged that the record has no key for, such as frames to ``text``.
        """
        return {stage: _row(stage, entry) for stage, entry in self._entries.items()}

    @classmethod
    def from_stages(cls, stages: Mapping[str, Mapping[str, float]]) -> Ledger:
        """Build a ledger from the result of ``stages``."""
        ledger = cls()
        for stage, amounts in stages.items():
            given: dict[str, Any] = dict(amounts)
            ledger.add(stage, **given)
        return ledger

    def _settle(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        now = time.perf_counter()
        if self._open:
            self._entries[self._open[-1]].seconds += now - self._since
        self._since = now


def _row(stage: str, entry: _Entry) -> dict[str, float]:
    amounts: dict[str, float] = vars(entry)
    keys = STAGES[stage]
    for key, amount in amounts.items():
        if amount and key not in keys:
            raise ValueError(f"stage {stage} was charged {amount} {key}, which its record does not hold")
    return {key: amounts[key] for key in keys}
