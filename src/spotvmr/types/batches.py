"""Tensor batches. Features and mask travel together; True in a mask means valid.

Letters of shapes: B queries, T clips, L text tokens, D channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import torch
from torch import Tensor

_Batch = TypeVar("_Batch", bound="_Movable")
_Rows = TypeVar("_Rows", bound="_TensorRows")


@dataclass(frozen=True)
class _Movable:
    """Moves every tensor of a dataclass to a device."""

    def to(self: _Batch, device: torch.device | str) -> _Batch:
        """Return a copy with all tensors on ``device``."""
        moved = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{k: v.to(device) for k, v in moved.items() if hasattr(v, "to")})


@dataclass(frozen=True)
class _TensorRows(_Movable):
    """A dataclass whose fields are tensors with one row for each query."""

    def rows(self: _Rows, index: Sequence[int]) -> _Rows:
        """Return the rows of some queries, in the order of ``index``."""
        kept = list(index)
        return replace(self, **{f.name: getattr(self, f.name)[kept] for f in fields(self)})


@dataclass(frozen=True)
class ClipBatch(_TensorRows):
    """Clip features of the videos behind B queries.

    Attributes:
        index: Index features (B, T, D_s), float.
        expert: Expert features of every clip (B, T, D_f), float.
        mask: Valid clips (B, T), bool.
        offset: Clip number of the first position (B,), int64; above zero for a window of a longer video.
    """

    index: Tensor
    expert: Tensor
    mask: Tensor
    offset: Tensor


@dataclass(frozen=True)
class TextBatch(_TensorRows):
    """Encoded sentences.

    Attributes:
        tokens: Token features (B, L, D_q), float.
        mask: Valid tokens (B, L), bool.
        sentence: Sentence features (B, D_s), float; from the text tower of the index encoder they share its space.
    """

    tokens: Tensor
    mask: Tensor
    sentence: Tensor


@dataclass(frozen=True)
class TargetBatch(_TensorRows):
    """The ground-truth moment of each query, in positions of its ``ClipBatch``.

    Attributes:
        span: Start and end in clips, with fractions (B, 2), float.
        inside: Share of each clip inside the moment (B, T), float in [0, 1].
        other_moments: Clips in the moments of other queries of the video (B, T), bool.
    """

    span: Tensor
    inside: Tensor
    other_moments: Tensor


@dataclass(frozen=True)
class ClipInputs(_TensorRows):
    """Input of a VMR model: a video with expert features of the selected clips.

    Attributes:
        index: Index features (B, T, D_s).
        expert: Expert features (B, T, D_f), zero for clips that are not selected.
        chosen: 1.0 for selected clips, else 0.0 (B, T). This indicator channel distinguishes a missing feature from a
            true zero. It carries the gradient of the selector in training.
        mask: Valid clips (B, T), bool.
    """

    index: Tensor
    expert: Tensor
    chosen: Tensor
    mask: Tensor


@dataclass(frozen=True)
class GroundingBatch(_Movable):
    """One training or evaluation batch.

    Attributes:
        qids: Query ids, B of them.
        clips: Clip features of the videos.
        text: The encoded sentences.
        target: The ground-truth moments.
        clip_s: Length of a clip in seconds.
        duration_s: Seconds from the first position to the end of each video (B,), float.
    """

    qids: tuple[str, ...]
    clips: ClipBatch
    text: TextBatch
    target: TargetBatch
    clip_s: float
    duration_s: Tensor

    def rows(self, index: Sequence[int]) -> GroundingBatch:
        """Return the rows of some queries, in the order of ``index``."""
        return GroundingBatch(
            tuple(self.qids[row] for row in index),
            self.clips.rows(index),
            self.text.rows(index),
            self.target.rows(index),
            self.clip_s,
            self.duration_s[list(index)],
        )
