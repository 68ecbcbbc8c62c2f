"""Losses of point-based models (ActionFormer, Zhang et al., ECCV 2022). Shapes: B queries, P points."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from spotvmr.losses.geometry import span_diou
from spotvmr.losses.proposals import map_distillation

_RADIUS = 1.5
"""Strides from the middle of the moment within which a point is positive."""
_RANGE = 4.0
"""Strides up to which the points of a level reach; those of the level below reach half as far."""


def positive_points(points: Tensor, valid: Tensor, span: Tensor) -> Tensor:
    """Mark the points that shall answer for the true moment, bool (B, P).

    Those inside the moment, within 1.5 strides of its middle, whose farther border lies in their level's range:
    up to 4 strides, and over 2 except on the finest level; the coarsest level takes all that is longer. The point
    nearest to the middle on that level is always one, so that no moment is too short or falls between.

    Args:
        points: Place and stride of each point in clips (B, P, 2).
        valid: Points in the video (B, P).
        span: True start and end in clips (B, 2).
    """
    place, stride = points.unbind(-1)
    start, end = span[:, :1], span[:, 1:]
    far = torch.maximum(place - start, end - place)
    finest, coarsest = stride == stride.amin(-1, keepdim=True), stride == stride.amax(-1, keepdim=True)
    near = (place - span.mean(-1, keepdim=True)).abs()
    own_level = ((far <= _RANGE * stride) | coarsest) & ((far > _RANGE / 2 * stride) | finest)
    positive = valid & own_level & (near <= _RADIUS * stride) & (place >= start) & (place <= end)
    # Half the length, as seen from the middle, tells the level where rounding leaves none.
    half = (end - start) / 2
    level = ((half <= _RANGE * stride) | coarsest) & ((half > _RANGE / 2 * stride) | finest)
    nearest = near.masked_fill(~(valid & level), torch.inf).argmin(-1, keepdim=True)
    return positive | torch.zeros_like(positive).scatter(1, nearest, value=True) & ~positive.any(-1, keepdim=True)


def point_focal_loss(score: Tensor, positive: Tensor, valid: Tensor) -> Tensor:
    """Sum of the focal loss over valid points (Lin et al., ICCV 2017: alpha 0.25, gamma 2).

    Args:
        score: Logits (B, P).
        positive: Of ``positive_points`` (B, P).
        valid: Points in the video (B, P).
    """
    target = positive.to(score.dtype)
    p = score.sigmoid()
    p_true = p * target + (1 - p) * (1 - target)
    focal = F.binary_cross_entropy_with_logits(score, target, reduction="none") * (1 - p_true) ** 2
    return ((0.25 * target + 0.75 * (1 - target)) * focal * valid).sum()


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
