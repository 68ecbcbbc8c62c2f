"""GFLOPs of the parts of retrieval, counted once and reused for later queries."""

from __future__ import annotations

import threading
from functools import cached_property

import torch

from spotvmr.assembly import BudgetedVmr
from spotvmr.cost import count_gflops, encoder_gflops
from spotvmr.encoders import ClipEncoder, TextEncoder
from spotvmr.retrieval.answer import QueryFlops
from spotvmr.selection import SelectionRequest, StoredExpert
from spotvmr.types.batches import TextBatch

_SHORT, _LONG = 128, 256
"""Lengths in clips. FLOPs of selector and model grow about linearly with the length; two counts give the line."""


class UnitCosts:
    """Counts index encoder, expert, text encoder, selector and model, 2 FLOPs per multiply-add.

    May be used from several threads.

    Args:
        system: Selector and VMR model.
        index: Index encoder.
        expert: Expert encoder.
        text: Text encoder.
    """

    def __init__(self, system: BudgetedVmr, index: ClipEncoder, expert: ClipEncoder, text: TextEncoder) -> None:
        self._system, self._index, self._expert, self._text = system, index, expert, text
        self._by_words: dict[int, tuple[float, float, float, float, float]] = {}
        self._lock = threading.Lock()

    @cached_property
    def index(self) -> float:
        """GFLOPs of an index frame."""
        return encoder_gflops(self._index, self._index.spec.frames)

    @cached_property
    def expert(self) -> float:
        """GFLOPs of an expert clip."""
        return encoder_gflops(self._expert, self._expert.spec.frames)

    def query(self, query: str, text: TextBatch, n_clips: int) -> tuple[float, float, float]:
        """GFLOPs of text encoder, selector and model for one query.

        Args:
            query: The sentence.
            text: Its encoding; sentences of the same number of tokens cost the same.
            n_clips: Clips of the video.
        """
        words = text.tokens.shape[1]
        with self._lock:
            if words not in self._by_words:
                short, long = self._of_clips(text, _SHORT), self._of_clips(text, _LONG)
                self._by_words[words] = (count_gflops(self._text.encode, [query]), *short, *long)
            encoding, *counted = self._by_words[words]
        fraction = (n_clips - _SHORT) / (_LONG - _SHORT)
        selection, model = (max(0.0, counted[k] + fraction * (counted[k + 2] - counted[k])) for k in (0, 1))
        return encoding, selection, model

    def flops(self, query: str, text: TextBatch, n_clips: int, index_clips: int, expert_clips: int) -> QueryFlops:
        """All GFLOPs of one query, by stage.

        Args:
            query: The sentence.
            text: Its encoding.
            n_clips: Clips of the video.
            index_clips: Clips whose index features were computed for the query.
            expert_clips: Clips whose expert features were computed for the query.
        """
        encoding, selection, model = self.query(query, text, n_clips)
        stages = {
            "index": self.index * index_clips if index_clips else 0.0,
            "text": encoding,
            "selection": selection,
            "expert": self.expert * expert_clips,
            "model": model,
        }
        return QueryFlops(stages, n_clips * self.expert + encoding + model)

    def _of_clips(self, text: TextBatch, n_clips: int) -> tuple[float, float]:
        """GFLOPs of selector and model on an artificial video."""
        index = torch.zeros(1, n_clips, self._index.spec.dim)
        source = StoredExpert(torch.zeros(1, n_clips, self._expert.spec.dim))
        mask, budget = torch.ones(1, n_clips, dtype=torch.bool), torch.tensor([0.1], dtype=torch.float64)
        request = SelectionRequest(index, mask, text, budget, source, self._system.model, ("",))
        return self._system.query_gflops(request)
