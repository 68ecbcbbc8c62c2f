"""Losses of point-based models (ActionFormer, Zhang et al., ECCV 2022). Shapes: B queries, P points."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from spotvmr.losses.geometry import span_diou
from spotvmr.losses.proposals import map_distillation


def positive_points(
    points: Tensor, valid: Tensor, span: Tensor, radius: float = 1.5, level_range: float = 4.0
) -> Tensor:
    """Mark the positive points of the true moment, bool (B, P).

    Those inside the moment, within ``radius`` strides of its middle, whose farther border lies in their level's range:
    up to ``level_range`` strides, and over half of it except on the finest level; the coarsest level takes all that
    is longer. The point
    nearest to the middle on that level is always one, so that no moment is too short or falls between.

    Args:
        points: Place and stride of each point in clips (B, P, 2).
        valid: Points in the video (B, P).
        span: True start and end in clips (B, 2).
        radius: Strides from the middle of the moment within which a point is positive.
        level_range: Strides up to which the points of a level reach; those of the level below reach half as far.
    """
    place, stride = points.unbind(-1)
    start, end = span[:, :1], span[:, 1:]
    far = torch.maximum(place - start, end - place)
    finest, coarsest = stride == stride.amin(-1, keepdim=True), stride == stride.amax(-1, keepdim=True)
    near = (place - span.mean(-1, keepdim=True)).abs()
    own_level = ((far <= level_range * stride) | coarsest) & ((far > level_range / 2 * stride) | finest)
    positive = valid & own_level & (near <= radius * stride) & (place >= start) & (place <= end)
    # Half the length, as seen from the middle, tells the level where rounding leaves none.
    half = (end - start) / 2
    level = ((half <= level_range * stride) | coarsest) & ((half > level_range / 2 * stride) | finest)
    nearest = near.masked_fill(~(valid & level), torch.inf).argmin(-1, keepdim=True)
    return positive | torch.zeros_like(positive).scatter(1, nearest, value=True) & ~positive.any(-1, keepdim=True)


def point_focal_loss(score: Tensor, positive: Tensor, valid: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Sum of the focal loss over valid points (Lin et al., ICCV 2017).

    Args:
        score: Logits (B, P).
        positive: Of ``positive_points`` (B, P).
        valid: Points in the video (B, P).
        alpha: Weight of positive points.
        gamma: Exponent that lowers the weight of easy points.
    """
    target = positive.to(score.dtype)
    p = score.sigmoid()
    p_true = p * target + (1 - p) * (1 - target)
    focal = F.binary_cross_entropy_with_logits(score, target, reduction="none") * (1 - p_true) ** gamma
    return ((alpha * target + (1 - alpha) * (1 - target)) * focal * valid).sum()


def point_border_loss(spans: Tensor, positive: Tensor, span: Tensor) -> Tensor:
    """Sum of the distance-IoU loss over positive points.

    Args:
        spans: Predicted borders in clips (B, P, 2).
        positive: Of ``positive_points`` (B, P).
        span: True start and end in clips (B, 2).
    """
    return ((1 - span_diou(spans, span[:, None])) * positive).sum()


def point_distillation(
    student: Tensor, student_spans: Tensor, teacher: Tensor, teacher_spans: Tensor, valid: Tensor
) -> Tensor:
    """KL of the scores, and the distance-IoU loss of the borders weighed by the teacher's scores.

    Args:
        student: Logits (B, P).
        student_spans: Borders in clips (B, P, 2).
        teacher: Logits of the teacher (B, P).
        teacher_spans: Its borders (B, P, 2).
        valid: Points in the video (B, P).
    """
    weight = teacher.sigmoid() * valid
    borders = ((1 - span_diou(student_spans, teacher_spans)) * weight).sum(-1) / weight.sum(-1).clamp(min=1)
    return map_distillation(student, teacher, valid) + borders.mean()
