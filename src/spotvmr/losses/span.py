"""Losses of span-based models. Shapes: B queries, T clips; logits at padding are ignored."""

from __future__ import annotations

import torch
import torch.nn.functional as nnf
from torch import Tensor

_EDGE = 1e-4
"""Clips by which a border may miss a clip's edge and still count as on it (times are rounded)."""


def masked_log_softmax(logits: Tensor, mask: Tensor) -> Tensor:
    """Log-softmax over valid clips (B, T); a very low number, not -inf, at padding."""
    return torch.log_softmax(logits.masked_fill(~mask, torch.finfo(logits.dtype).min), -1)


def border_clips(span: Tensor, n_clips: int) -> tuple[Tensor, Tensor]:
    """First and last clip of spans (B, 2) given in clips: int64 (B,) each, first <= last < n_clips."""
    first = (span[:, 0] + _EDGE).floor().long().clamp(0, n_clips - 1)
    last = ((span[:, 1] - _EDGE).ceil().long() - 1).clamp(max=n_clips - 1)
    return first, torch.maximum(last, first)


def span_loss(start: Tensor, end: Tensor, mask: Tensor, span: Tensor) -> Tensor:
    """CE(start) + CE(end) of the clips that hold the true borders (VSLNet, eq. 9).

    Args:
        start: Start logits (B, T).
        end: End logits (B, T).
        mask: Valid clips (B, T).
        span: True start and end in clips (B, 2).
    """
    first, last = border_clips(span, start.shape[1])
    return nnf.nll_loss(masked_log_softmax(start, mask), first) + nnf.nll_loss(masked_log_softmax(end, mask), last)


def offset_loss(start_offset: Tensor, end_offset: Tensor, span: Tensor) -> Tensor:
    """L1 between predicted and true places of the borders inside their clips.

    Args:
        start_offset: Place of a start inside each clip in [0, 1] (B, T).
        end_offset: Place of an end inside each clip in [0, 1] (B, T).
        span: True start and end in clips (B, 2).
    """
    first, last = border_clips(span, start_offset.shape[1])
    start_error = start_offset.gather(1, first[:, None]).squeeze(1) - (span[:, 0] - first)
    end_error = end_offset.gather(1, last[:, None]).squeeze(1) - (span[:, 1] - last)
    return (start_error.abs() + end_error.abs()).mean()
