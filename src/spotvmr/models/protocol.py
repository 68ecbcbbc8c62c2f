"""What a VMR model is to the rest of the framework."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from spotvmr.types import Moment
from spotvmr.types.batches import ClipInputs, TextBatch


@dataclass(frozen=True)
class VmrOutput:
    """The output of a VMR model, in training and evaluation; a student is distilled from that of its teacher.

    Attributes:
        fused: Query-aware clip features (B, T, d).
        highlight: Logit that a clip lies in the moment (B, T), float32; the spotter is supervised by it too.
        heads: The model's own outputs by name, such as ``start`` and ``end`` (B, T).
        mask: Valid clips (B, T), bool.
    """

    fused: Tensor
    highlight: Tensor
    heads: dict[str, Tensor]
    mask: Tensor


class VmrModel(Protocol):
    """A moment localiser that the spotter can be plugged into: an ``nn.Module`` with these members.

    The constructor takes, by name, any of ``index_dim``, ``expert_dim``, ``text_dim``, the settings of the model
    (``config.models``; of an own model those of ``OwnModelConfig``) and the keys of ``model.options``.
    """

    dim: int
    """Channels d of the fused features."""

    loss: Any
    """Class of its loss, as ``models.losses.ModelLoss`` says; the constructor takes the settings of the model."""

    fusion: nn.Module | None
    """Its cross-modal encoder (clips, text) -> (B, T, d), which a spotter can share or copy. It is linear in T, and a
    clip attends to its neighbours. None: the spotter brings one."""

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
