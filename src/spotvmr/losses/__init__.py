"""Losses as functions of tensors; those divided by a count of their own add it up over the processes that train."""

from spotvmr.losses.budget import budget_loss
from spotvmr.losses.distillation import fused_distillation, span_distillation
from spotvmr.losses.geometry import span_diou, span_giou, span_iou
from spotvmr.losses.highlight import highlight_loss, ranking_loss
from spotvmr.losses.points import point_border_loss, point_distillation, point_focal_loss, positive_points
from spotvmr.losses.processes import mean_over_processes
from spotvmr.losses.proposals import map_distillation, map_loss
from spotvmr.losses.sets import (
    SetWeights,
    matched,
    negative_loss,
    saliency_hinge,
    set_distillation,
    set_loss,
    span_distance,
)
from spotvmr.losses.span import border_clips, masked_log_softmax, offset_loss, span_loss

__all__ = [
    "SetWeights",
    "border_clips",
    "budget_loss",
    "fused_distillation",
    "highlight_loss",
    "map_distillation",
    "map_loss",
    "masked_log_softmax",
    "matched",
    "mean_over_processes",
    "negative_loss",
    "offset_loss",
    "point_border_loss",
    "point_distillation",
    "point_focal_loss",
    "positive_points",
    "ranking_loss",
    "saliency_hinge",
    "set_distillation",
    "set_loss",
    "span_diou",
    "span_distance",
    "span_distillation",
    "span_giou",
    "span_iou",
    "span_loss",
]
