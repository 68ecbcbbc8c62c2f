"""What a distributed training counts together, so that its loss does not depend on how processes share the queries."""

from __future__ import annotations

import torch.distributed as dist
from torch import Tensor


def mean_over_processes(count: Tensor) -> Tensor:
    """The mean of a count over all processes; the count itself where there is one process.

    A sum of losses over it has, averaged over processes as gradients are, the sum of all losses over the sum of all
    counts. Every process must come here, so that it is for training steps alone: in validation one may have no batch.

    Args:
        count: Any shape, without a gradient.
    """
    if not dist.is_available() or not dist.is_initialized():
        return count
    total = count.clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()
