"""How two spans lie to one another. Spans are (…, 2), start and end in one unit; shapes broadcast."""

from __future__ import annotations

import torch
from torch import Tensor

_EPS = 1e-6
"""Below any length in clips that matters; two spans of no length at one place have IoU 0, not NaN."""


def span_iou(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union (…), 0 for spans apart.

    >>> span_iou(torch.tensor([0.0, 4.0]), torch.tensor([2.0, 6.0])).item()
    0.3333333432674408
    """
    shared, union, _ = _measures(a, b)
    return shared / union.clamp(min=_EPS)


def span_giou(a: Tensor, b: Tensor) -> Tensor:
    """Generalised IoU in (-1, 1]: IoU less the share of the hull that is empty (Rezatofighi et al., CVPR 2019)."""
    shared, union, hull = _measures(a, b)
    return shared / union.clamp(min=_EPS) - (hull - union) / hull.clamp(min=_EPS)


def span_diou(a: Tensor, b: Tensor) -> Tensor:
    """Distance IoU: IoU less the squared distance of the centres over that of the hull (Zheng et al., AAAI 2020)."""
    shared, union, hull = _measures(a, b)
    apart = (a.sum(-1) - b.sum(-1)) / 2
    return shared / union.clamp(min=_EPS) - (apart / hull.clamp(min=_EPS)) ** 2


def _measures(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Lengths of intersection, union and hull."""
    shared = (torch.minimum(a[..., 1], b[..., 1]) - torch.maximum(a[..., 0], b[..., 0])).clamp(min=0)
    union = (a[..., 1] - a[..., 0]) + (b[..., 1] - b[..., 0]) - shared
    hull = torch.maximum(a[..., 1], b[..., 1]) - torch.minimum(a[..., 0], b[..., 0])
    return shared, union, hull
