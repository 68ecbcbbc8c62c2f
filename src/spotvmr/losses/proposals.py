"""Losses of proposal maps (2D-TAN, Zhang et al., AAAI 2020). Shapes: B queries, P proposals."""

from __future__ import annotations

import torch.nn.functional as nnf
from torch import Tensor

from spotvmr.losses.geometry import span_iou


def map_loss(score: Tensor, spans: Tensor, valid: Tensor, span: Tensor, low: float = 0.5, high: float = 1.0) -> Tensor:
    """Binary cross-entropy of proposal scores to the IoU with the true moment, scaled from (low, high) to (0, 1).

    2D-TAN, eq. 3 and 4. The sum is divided by the sum of the targets, at least 1 a query, and not by the number
    of proposals: in long videos hardly one in hundreds overlaps the moment, and their share falls with the length.

    Args:
        score: Logits (B, P).
        spans: Borders of the proposals in clips (B, P, 2).
        valid: Proposals inside the video (B, P).
        span: True start and end in clips (B, 2).
        low: IoU up to which a proposal counts as wrong.
        high: IoU from which it counts as right.
    """
    wanted = ((span_iou(spans, span[:, None]) - low) / (high - low)).clamp(0, 1) * valid
    loss = nnf.binary_cross_entropy_with_logits(score, wanted, reduction="none") * valid
    return (loss.sum(-1) / wanted.sum(-1).clamp(min=1)).mean()


def map_distillation(student: Tensor, teacher: Tensor, valid: Tensor) -> Tensor:
    """KL divergence of the student's proposal scores from the teacher's, each a yes or no.

    The sum over the proposals is divided by the teacher's scores, at least 1 a query, as in ``map_loss``.

    Args:
        student: Logits (B, P).
        teacher: The same of the teacher (B, P).
        valid: Proposals inside the video (B, P).
    """
    soft = teacher.sigmoid()
    loss = nnf.binary_cross_entropy_with_logits(student, soft, reduction="none")
    least = nnf.binary_cross_entropy_with_logits(teacher, soft, reduction="none")
    return (((loss - least) * valid).sum(-1) / (soft * valid).sum(-1).clamp(min=1)).mean()
