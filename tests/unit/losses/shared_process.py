"""One process of the tests of losses that processes share: ``python shared_process.py RANK FOLDER [QUERY …]``.

Leaves the losses of its queries that are divided by a count, and their gradients, as ``<rank>.json``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from spotvmr.losses import negative_loss, ranking_loss, saliency_hinge

SCORES = torch.tensor([[0.3, -1.0, 2.0], [1.0, 0.5, 0.0], [-0.2, 0.4, 0.1], [0.0, 1.5, -2.0]], dtype=torch.float64)
RELEVANCE = torch.tensor([[1.0, 0, 0], [0, 0, 0], [0, 1, 1], [0.5, 0, 1]], dtype=torch.float64)
MASK = torch.tensor([[1, 1, 1], [1, 0, 0], [1, 1, 1], [1, 1, 1]], dtype=torch.bool)
"""Nothing is relevant to the second query, and its video is shorter: its process counts less."""
LOSSES = {
    "ranking": ranking_loss,
    "hinge": saliency_hinge,
    "negative": lambda scores, _, mask: negative_loss(scores, mask),
}


def result(queries: list[int]) -> dict[str, dict[str, object]]:
    """Each loss of some of the queries, and its gradient."""
    found = {}
    for name, loss in LOSSES.items():
        scores = SCORES[queries].requires_grad_()
        value = loss(scores, RELEVANCE[queries], MASK[queries])
        (gradient,) = torch.autograd.grad(value, scores)
        found[name] = {"loss": float(value), "gradient": gradient.tolist()}
    return found


def main(rank: int, folder: Path, queries: list[int]) -> None:
    """Meet the other process and write what this one has."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    (folder / f"{rank}.json").write_text(json.dumps(result(queries)))
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]), Path(sys.argv[2]).resolve(), [int(word) for word in sys.argv[3:]])
