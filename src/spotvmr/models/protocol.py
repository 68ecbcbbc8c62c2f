"""What a VMR model is to the rest of the framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TextBatch


@dataclass(frozen=True)
class VmrOutput:
    """What a VMR model says, the same type in training and evaluation, and all that a teacher hands to a student.

    Attributes:
        fused: Query-aware clip features (B, T, d).
        highlight: Logit that a clip lies in the moment (B, T); the spotter learns from it too.
        heads: The model family's own outputs by name, such as ``start`` and ``end`` (B, T).
        mask: Valid clips (B, T), bool.
    """

    fused: Tensor
    highlight: Tensor
    heads: dict[str, Tensor]
    mask: Tensor


class VmrModel(Protocol):
    """A moment localiser that the spotter can be plugged into: an ``nn.Module`` with these members.

    Its losses live outside. The constructor takes, by name, any of ``index_dim``, ``expert_dim``, ``text_dim``,
    the fields of ``ModelConfig`` and the keys of ``model.options``.
    """

    dim: int
    """Channels d of the fused features."""

    family: Any
    """Whose losses it learns by: ``span``, ``map``, ``set`` or ``points``; or a class as in ``assembly.terms``."""

    fusion: nn.Module | None
    """Its cross-modal encoder (clips, text) -> (B, T, d), which a spotter can share or have a copy of: linear in T, and
    clips see those beside them. None: the spotter brings a light one."""

    def __call__(self, clips: ClipInputs, text: TextBatch) -> VmrOutput:
        """Fuse and localise; in training the heads may hold more."""

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        """Fuse video and text to (B, T, d)."""

    def predict(self, fused: Tensor, mask: Tensor) -> VmrOutput:
        """Localise from the fused features."""

    def decode(self, output: VmrOutput, clip_s: float, duration_s: Tensor) -> list[list[Moment]]:
        """Turn outputs into moments in seconds from the first position, best first, with scores of 0 or more.

        Args:
            output: Of ``predict``.
            clip_s: Length of a clip in seconds.
            duration_s: Seconds from the first position to the end of the video (B,).

        Returns:
            A list for each of the B queries.
        """
