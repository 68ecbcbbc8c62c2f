"""How many clips a budget buys, and the exact choice of the best. Shapes: B queries, T clips."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as nnf
from torch import Tensor


def clips_allowed(budget: Tensor, mask: Tensor) -> Tensor:
    """``k = max(1, round(r * T_valid))`` clips for each query, int64 (B,).

    Args:
        budget: Share of the valid clips, in (0, 1] (B,).
        mask: Valid clips (B, T).
    """
    # In double: 0.1 * 480 must be 48 whatever precision the model runs in.
    return (budget.double() * mask.sum(-1)).round().long().clamp(min=1)


def split_over_steps(allowed: Tensor, steps: int) -> list[Tensor]:
    """Cut the allowance (B,) into ``steps`` near-equal parts whose sum it is; late steps get the rest."""
    marks = [allowed * n // steps for n in range(steps + 1)]
    return [after - before for before, after in pairwise(marks)]


def spread_clips(scores: Tensor, available: Tensor, valid: Tensor, count: Tensor, reach: int, penalty: float) -> Tensor:
    """Like ``top_clips``, but each better clip within ``reach`` to either side makes a clip worth less.

    Neighbouring clips of one event score alike: by score alone a few events would take the whole
    count, while one clip of each tells which of them deserves more. A lasting lead in score buys
    neighbours all the same, as in the soft non-maximum suppression of Bodla et al., ICCV 2017.

    Args:
        scores: Higher is better (B, T).
        available: Clips that may be chosen (B, T).
        valid: Clips that may be the better ones: those above and the ones chosen before (B, T).
        count: Clips to choose (B,).
        reach: Clips to either side.
        penalty: Taken off the score for each better clip; 0 is ``top_clips``.
    """
    pool = scores.masked_fill(~valid, -torch.inf)
    near = nnf.pad(pool, (reach, reach), value=-torch.inf).unfold(-1, 2 * reach + 1, 1)
    better = (near[..., :reach] >= pool[..., None]).sum(-1) + (near[..., reach + 1 :] > pool[..., None]).sum(-1)
    return top_clips(scores - penalty * better, available, count)


def top_clips(scores: Tensor, available: Tensor, count: Tensor) -> Tensor:
    """Mark the ``count`` best available clips of each query, bool (B, T).

    Exact and deterministic: ties go to the earlier clip, and never more clips than are available.

    Args:
        scores: Higher is better (B, T).
        available: Clips that may be chosen (B, T).
        count: Clips to choose (B,).
    """
    order = scores.masked_fill(~available, -torch.inf).sort(dim=-1, descending=True, stable=True).indices
    ranked = torch.arange(scores.shape[1], device=scores.device) < count[:, None]
    return torch.zeros_like(available).scatter(1, order, ranked) & available
