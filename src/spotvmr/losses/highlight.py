"""Losses on per-clip scores. Shapes: B queries, T clips."""

from __future__ import annotations

import torch.nn.functional as nnf
from torch import Tensor

from spotvmr.losses.processes import mean_over_processes
from spotvmr.losses.span import masked_log_softmax


def highlight_loss(logits: Tensor, inside: Tensor, mask: Tensor, positive: float = 1.0) -> Tensor:
    """Binary cross-entropy of highlight logits, with more weight on clips of the moment (VSLNet, eq. 11).

    It is the mean over queries of the mean over clips. A mean over all clips of a batch would depend on how
    distributed processes share the queries.

    Args:
        logits: Highlight logits (B, T).
        inside: Share of each clip that lies in the moment, or a teacher's probability (B, T).
        mask: Valid clips (B, T).
        positive: Additional weight of clips inside the moment; 1 counts them twice.
    """
    loss = nnf.binary_cross_entropy_with_logits(logits, inside, reduction="none")
    weight = (1 + positive * inside) * mask
    return ((loss * weight).sum(-1) / weight.sum(-1)).mean()


def ranking_loss(logits: Tensor, relevance: Tensor, mask: Tensor) -> Tensor:
    """Listwise cross-entropy (ListNet, Cao et al. 2007): softmax of the scores against the share of relevance.

    For a selector that takes the top k it matters which clips rank high, not how many are relevant;
    unlike a binary loss this one is not drowned by the 99 % of clips that are not. The mean is over the rows of all
    processes that train together.

    Args:
        logits: Selection scores (B, T).
        relevance: Not negative; rows without any are left out (B, T).
        mask: Clips that can still be chosen (B, T).
    """
    relevance = relevance * mask
    total = relevance.sum(-1, keepdim=True)
    share = relevance / total.clamp(min=1e-6)
    log_p = masked_log_softmax(logits, mask)
    rows = (total.squeeze(-1) > 0).float()
    # The share of a process may be less than one row.
    return (-(share * log_p).sum(-1) * rows).sum() / mean_over_processes(rows.sum()).clamp(min=1e-6)
