"""Interfaces of encoders for all other packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from spotvmr.types.batches import TextBatch


@dataclass(frozen=True)
class EncoderSpec:
    """Identity of a clip encoder; feature stores keep it in their manifest.

    Attributes:
        name: Family and model, such as ``errands_index`` or ``open_clip/ViT-B-32``.
        frames: Frames of one clip that ``forward`` expects, K.
        parts: Named parts of the output in order, with their channels; they sum to D.
        weights_hash: First 16 hexadecimal digits of the SHA-256 of the state.
        preprocessing: Readable summary of frames, size and normalisation.
    """

    name: str
    frames: int
    parts: dict[str, int]
    weights_hash: str
    preprocessing: str

    @property
    def dim(self) -> int:
        """Channels of the output, D."""
        return sum(self.parts.values())


class ClipEncoder(Protocol):
    """An index or expert encoder: it maps the frames of a clip to a vector."""

    spec: EncoderSpec

    def __call__(self, frames: Tensor) -> Tensor:
        """Encode clips.

        Args:
            frames: RGB frames in their order of time (B, K, 3, H, W), uint8, any H and W.

        Returns:
            Features (B, D), float32.
        """
        ...


class TextEncoder(Protocol):
    """A text encoder: it maps a sentence to token features and a vector.

    Attributes:
        dim: Channels of a token, D_q.
        sentence_dim: Channels of a sentence, D_s. Those of the index features where both lie in one space: the
            index encoder's own text tower; else sentences and index features cannot be compared.
        weights_hash: As in ``EncoderSpec``.
    """

    dim: int
    sentence_dim: int
    weights_hash: str

    def encode(self, texts: list[str]) -> TextBatch:
        """Encode sentences; tokens (B, L, D_q), mask (B, L), sentence (B, D_s)."""
        ...
