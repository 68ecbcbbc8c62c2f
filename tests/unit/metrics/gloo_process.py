"""One process of the distributed metric tests: ``python gloo_process.py RANK WORLD FOLDER``.

Each case gives every process some of ten queries; what each process computes is written as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist

from spotvmr.metrics import GroundingMetrics, SelectionMetrics
from spotvmr.types import Moment

SPLITS = {
    "even": ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9]),
    "uneven": ([0, 2, 4, 6, 8, 9, 1], [3, 5, 7]),
    "one process without samples": (list(range(10)), []),
    "the first process without samples": ([], list(range(10))),
    "repeated samples": ([0, 2, 4, 6, 8, 0], [1, 3, 5, 7, 9, 1, 0, 2]),
    "everything everywhere": (list(range(10)), list(range(10))),
}


def filled(queries: list[int]) -> tuple[GroundingMetrics, SelectionMetrics]:
    """Both metrics after updates of at most three of the given queries each."""
    grounding, selection = GroundingMetrics(), SelectionMetrics()
    for at in range(0, len(queries), 3):
        batch = queries[at : at + 3]
        qids = [f"q{i}" for i in batch]
        grounding.update(qids, [[Moment(i / 3, 9), Moment(0, i)] for i in batch], [(Moment(0, 5),) for _ in batch])
        chosen = torch.arange(12) % torch.tensor([[i + 1] for i in batch]) == 0
        inside = (torch.arange(12) < 6).double().expand(len(batch), 12)
        selection.update(qids, chosen, inside, torch.ones(len(batch), 12, dtype=torch.bool))
    return grounding, selection


def results(queries: list[int]) -> dict[str, object]:
    """What one process sees; collective when processes are joined."""
    grounding, selection = filled(queries)
    first = {"grounding": grounding.compute(), "selection": selection.compute()}
    rows = grounding.per_query()
    # Gathering must not change what the process itself holds.
    local = len(set(queries)) == len(set(torch.cat(list(grounding.numbers)).tolist()))
    return {**first, "numbers": rows.numbers.tolist(), "best": rows.values.tolist(), "local_kept": local}


def main(rank: int, world: int, folder: Path) -> None:
    """Run every case and write ``<rank>.json``."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=world)
    found = {name: results(split[rank]) for name, split in SPLITS.items()}
    (folder / f"{rank}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]).resolve())
