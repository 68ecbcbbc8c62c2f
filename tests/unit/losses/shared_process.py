"""One process of the tests of losses that processes share: ``python shared_process.py RANK FOLDER [QUERY …]``.

Leaves the ranking loss of its queries and the gradient of their scores, as ``<rank>.json``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from spotvmr.losses import ranking_loss

SCORES = torch.tensor([[0.3, -1.0, 2.0], [1.0, 0.5, 0.0], [-0.2, 0.4, 0.1], [0.0, 1.5, -2.0]], dtype=torch.float64)
RELEVANCE = torch.tensor([[1.0, 0, 0], [0, 0, 0], [0, 1, 1], [0.5, 0, 1]], dtype=torch.float64)
"""Nothing is relevant to the second query: its process counts one row less."""


def result(queries: list[int]) -> dict[str, object]:
    """Loss and gradient of some of the queries."""
    scores = SCORES[queries].requires_grad_()
    loss = ranking_loss(scores, RELEVANCE[queries], torch.ones_like(scores, dtype=torch.bool))
    loss.backward()
    assert scores.grad is not None
    return {"loss": float(loss), "gradient": scores.grad.tolist()}


def main(rank: int, folder: Path, queries: list[int]) -> None:
    """Meet the other process and write what this one has."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    (folder / f"{rank}.json").write_text(json.dumps(result(queries)))
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]), Path(sys.argv[2]).resolve(), [int(word) for word in sys.argv[3:]])
