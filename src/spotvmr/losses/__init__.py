"""Losses as pure functions of tensors."""

from spotvmr.losses.distillation import fused_distillation, span_distillation
from spotvmr.losses.highlight import highlight_loss, ranking_loss
from spotvmr.losses.span import border_clips, masked_log_softmax, offset_loss, span_loss

__all__ = [
    "border_clips",
    "fused_distillation",
    "highlight_loss",
    "masked_log_softmax",
    "offset_loss",
    "ranking_loss",
    "span_distillation",
    "span_loss",
]
