"""What a VMR model is to the rest of the framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TextBatch


@dataclass(frozen=True)
class VmrOutput:
    """What a VMR model says, the same type in training and evaluation.

    Attributes:
        fused: Query-aware clip features (B, T, d), what a teacher hands to a student.
        highlight: Logit that a clip lies in the moment (B, T).
        heads: The model family's own outputs by name, such as ``start`` and ``end`` (B, T).
        mask: Valid clips (B, T), bool.
    """

    fused: Tensor
    highlight: Tensor
    heads: dict[str, Tensor]
    mask: Tensor


class VmrModel(Protocol):
    """A moment localiser that the spotter can be plugged into."""

    dim: int
    """Channels d of the fused features."""

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Fuse video and text to (B, T, d); the spotter shares this for its previews."""

    def predict(self, fused: Tensor, mask: Tensor) -> VmrOutput:
        """Localise from the fused features."""

    def decode(self, output: VmrOutput, clip_s: float, duration_s: Tensor) -> list[list[Moment]]:
        """Turn outputs into moments in seconds from the first position, best first."""
