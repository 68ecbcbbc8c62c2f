"""State of the metrics: one row of numbers for each query, gathered over processes, each query once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities import dim_zero_cat


def qid_number(qid: str) -> int:
    """A query id as a stable 63-bit number for tensors and exchange between processes.

    Two of a million queries share a number with probability 5e-8.
    """
    return int.from_bytes(hashlib.blake2b(qid.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big") >> 1


class PerQuery(NamedTuple):
    """One row of numbers for each query.

    Attributes:
        numbers: ``qid_number`` of each query (Q,), ascending, int64.
        values: Its numbers (Q, W), float64.
    """

    numbers: NDArray[np.int64]
    values: NDArray[np.float64]

    def of(self, qids: Iterable[str]) -> NDArray[np.float64]:
        """The rows of some queries, in their order (len(qids), W).

        Raises:
            KeyError: A query was never given to the metric.
        """
        wanted = np.array([qid_number(qid) for qid in qids], dtype=np.int64)
        at = np.searchsorted(self.numbers, wanted).clip(max=max(len(self.numbers) - 1, 0))
        if len(wanted) and (not len(self.numbers) or (self.numbers[at] != wanted).any()):
            raise KeyError("a query was never given to the metric")
        return self.values[at]


class PerQueryMetric(Metric):
    """Keeps ``width`` numbers of each query; subclasses fill and summarise them.

    Distributed samplers repeat samples to even out the ranks, and repeated queries would shift every mean:
    of each query only one row counts. Rows are summed in the order of query numbers, so that the result
    is the same to the last bit on one process and on many.

    Args:
        width: Numbers a query (W).
    """

    full_state_update = False
    numbers: list[Tensor]
    values: list[Tensor]

    def __init__(self, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.width = width
        self.add_state("numbers", default=[], dist_reduce_fx="cat")
        self.add_state("values", default=[], dist_reduce_fx="cat")
        self._seed()

    def reset(self) -> None:
        """Remove all queries."""
        super().reset()
        self._seed()

    def per_query(self) -> PerQuery:
        """The rows of all queries of all processes, each once; every process must call it."""
        with self.sync_context():
            return self._rows()

    def _keep(self, qids: Sequence[str], values: Tensor) -> None:
        """Store the rows (Q, W) of some queries."""
        if values.shape != (len(qids), self.width):
            raise ValueError(f"{len(qids)} queries need values of shape {(len(qids), self.width)}, got {values.shape}")
        numbers = torch.tensor([qid_number(qid) for qid in qids], dtype=torch.int64, device=self.device)
        self.numbers.append(numbers)
        self.values.append(values.detach().to(self.device, torch.float64))

    def _rows(self) -> PerQuery:
        """The rows of the present state, each query once."""
        numbers = dim_zero_cat(self.numbers).cpu().numpy()
        unique, first = np.unique(numbers, return_index=True)
        return PerQuery(unique, dim_zero_cat(self.values).cpu().numpy()[first])

    def _seed(self) -> None:
        """Hold an empty row: gathering aborts when the state of one process is a list without any tensor."""
        self.numbers.append(torch.empty(0, dtype=torch.int64, device=self.device))
        self.values.append(torch.empty(0, self.width, dtype=torch.float64, device=self.device))
