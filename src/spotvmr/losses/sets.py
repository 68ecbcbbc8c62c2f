"""Losses of set prediction (Moment-DETR, Lei et al., NeurIPS 2021; QD-DETR, Moon et al., CVPR 2023).

Shapes: B rows, Q predicted moments, M true ones. Spans are borders in clips. The published L1 compares centres and
widths as shares of the video; here they are shares of a fixed length, so that an error counts the same in a
window and in a long video.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as nnf
from torch import Tensor

from spotvmr.losses.geometry import span_giou
from spotvmr.losses.processes import mean_over_processes


@dataclass(frozen=True)
class SetWeights:
    """Weights of a set's matching and loss; the defaults are those of the papers.

    Attributes:
        l1: Of the L1 distance.
        giou: Of the generalised IoU.
        label: Of the class.
        background: Of the background class within the class term.
        span_scale: Clips that count as 1 in the L1 distance. With 32 a moment is about as large as in the 75-clip
            videos of the papers.
    """

    l1: float = 10.0
    giou: float = 1.0
    label: float = 4.0
    background: float = 0.1
    span_scale: float = 32.0


def matched(cost: Tensor) -> Tensor:
    """The row of the cheapest one-to-one assignment for each column, int64 (B, M).

    Args:
        cost: Of giving prediction q the target m (B, Q, M), M <= Q.
    """
    from scipy.optimize import linear_sum_assignment  # of training alone, and slow to import

    # A diverged training has costs that are not numbers, which the assignment refuses; its loss says so afterwards.
    tables = cost.detach().double().nan_to_num().cpu().numpy()
    rows = [linear_sum_assignment(table.T)[1] for table in tables]
    return torch.from_numpy(np.stack(rows)).to(cost.device)


def span_distance(a: Tensor, b: Tensor, span_scale: float = 32.0) -> Tensor:
    """L1 distance of centres and widths (…), in units of ``span_scale`` clips."""
    centre, width = (a.sum(-1) - b.sum(-1)) / 2, (a[..., 1] - a[..., 0]) - (b[..., 1] - b[..., 0])
    return (centre.abs() + width.abs()) / span_scale


def set_loss(label: Tensor, spans: Tensor, span: Tensor, weights: SetWeights = SetWeights()) -> Tensor:
    """Matching by Hungarian algorithm, then L1, generalised IoU and class of the matched set.

    Args:
        label: Logits of moment and background (B, Q, 2).
        spans: Predicted borders (B, Q, 2).
        span: True borders (B, 2).
        weights: Of the terms.
    """
    truth = span[:, None]
    probability = label.softmax(-1)[..., 0]
    overlap = span_giou(spans, truth)
    cost = (
        weights.l1 * span_distance(spans, truth, weights.span_scale)
        - weights.giou * overlap
        - weights.label * probability
    )
    row = matched(cost[..., None])
    best = spans.gather(1, row[..., None].expand(-1, -1, 2))
    borders = weights.l1 * span_distance(best, truth, weights.span_scale) / 2 + weights.giou * (
        1 - span_giou(best, truth)
    )
    classes = torch.ones_like(label[..., 0], dtype=torch.long).scatter(1, row, 0)
    weight = label.new_tensor([1.0, weights.background])
    entropy = nnf.cross_entropy(label.flatten(0, 1), classes.flatten(), reduction="none") * weight[classes.flatten()]
    return borders.mean() + weights.label * entropy.mean()


def set_distillation(
    label: Tensor,
    spans: Tensor,
    teacher_label: Tensor,
    teacher_spans: Tensor,
    weights: SetWeights = SetWeights(),
) -> Tensor:
    """Match the student's set with the teacher's; then KL of the classes, and borders weighed by its probability.

    Args:
        label: Logits of moment and background (B, Q, 2).
        spans: Borders (B, Q, 2).
        teacher_label: The same of the teacher (B, Q, 2).
        teacher_spans: Its borders (B, Q, 2).
        weights: Of the terms.
    """
    wanted = teacher_label.softmax(-1)[..., 0]
    apart = (label.softmax(-1)[..., 0, None] - wanted[:, None]).abs()  # (B, Q, Q)
    pairs = spans[:, :, None], teacher_spans[:, None]
    cost = (
        weights.l1 * span_distance(*pairs, weights.span_scale)
        - weights.giou * span_giou(*pairs)
        + weights.label * apart
    )
    row = matched(cost)[..., None].expand(-1, -1, 2)
    label, spans = label.gather(1, row), spans.gather(1, row)
    borders = weights.l1 * span_distance(spans, teacher_spans, weights.span_scale) / 2 + weights.giou * (
        1 - span_giou(spans, teacher_spans)
    )
    student, teacher = label.log_softmax(-1), teacher_label.log_softmax(-1)
    classes = nnf.kl_div(student, teacher, reduction="none", log_target=True).sum(-1)
    return ((wanted * borders).sum(-1) / wanted.sum(-1).clamp(min=1)).mean() + weights.label * classes.mean()


def saliency_hinge(saliency: Tensor, inside: Tensor, mask: Tensor, margin: float = 0.2) -> Tensor:
    """Mean over all pairs of a clip inside and one outside of ``max(0, margin + outside - inside)``.

    Moment-DETR draws two such pairs; here all count. Rows without a pair are left out.

    Args:
        saliency: Scores (B, T).
        inside: Share of each clip that lies in the moment (B, T): inside from a half on, outside at 0.
        mask: Valid clips (B, T).
        margin: By which the saliency of a clip inside should exceed that of one outside.
    """
    pairs = ((inside >= 0.5) & mask)[:, :, None] & ((inside == 0) & mask)[:, None]
    loss = (margin + saliency[:, None] - saliency[:, :, None]).clamp(min=0) * pairs
    count = pairs.sum((1, 2))
    rows = mean_over_processes((count > 0).sum())
    return (loss.sum((1, 2)) / count.clamp(min=1)).sum() / rows.clamp(min=1e-6)


def negative_loss(negative: Tensor, mask: Tensor) -> Tensor:
    """Mean of ``-log(1 - σ)`` of the saliency under a query that does not fit (QD-DETR, eq. 6).

    As softplus, which cannot overflow.

    Args:
        negative: Logits (B, T).
        mask: Valid clips (B, T).
    """
    return (nnf.softplus(negative) * mask).sum() / mean_over_processes(mask.sum())
