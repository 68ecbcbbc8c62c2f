"""What a teacher that sees every clip tells a student that sees few. Teachers' tensors carry no gradient."""

from __future__ import annotations

from torch import Tensor

from spotvmr.losses.span import masked_log_softmax


def span_distillation(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """KL(teacher || student) of the border distributions over clips (SpotEM, d_l).

    Args:
        student: Start or end logits (B, T).
        teacher: The same of the teacher (B, T).
        mask: Valid clips (B, T).
    """
    log_student, log_teacher = masked_log_softmax(student, mask), masked_log_softmax(teacher, mask)
    return (log_teacher.exp() * (log_teacher - log_student) * mask).sum(-1).mean()


def fused_distillation(student: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of the fused features (B, T, d) over each query's valid clips (SpotEM, d_f)."""
    difference = (student - teacher).abs().mean(-1) * mask
    return (difference.sum(-1) / mask.sum(-1)).mean()
