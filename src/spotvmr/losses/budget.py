"""The soft budget of SpotEM. Shapes: N steps, B queries, T clips."""

from __future__ import annotations

from torch import Tensor


def budget_loss(draws: Tensor, taken: Tensor, budget: Tensor, mask: Tensor) -> Tensor:
    """Squared distance of the selected share from the budget (SpotEM, Ramakrishnan et al., ICML 2023).

    ``[(mean M - N n/L)² + Σₙ (mean mⁿ - n/L)²] / (N + 1)`` with ``n = max(1, r L / N)``, mean over queries.
    Deviation: L counts valid clips; published, it counts padding too.

    Args:
        draws: What each step drew, mⁿ, also clips that were taken before (N, B, T), in [0, 1].
        taken: All clips taken in the end, M (B, T), in [0, 1].
        budget: Share r of the valid clips (B,).
        mask: Valid clips (B, T).
    """
    steps, valid = len(draws), mask.sum(-1)
    share = ((budget * valid / steps).clamp(min=1) / valid).to(taken.dtype)
    in_all = ((taken * mask).sum(-1) / valid - steps * share) ** 2
    each = ((draws * mask).sum(-1) / valid - share) ** 2
    return ((in_all + each.sum(0)) / (steps + 1)).mean()
