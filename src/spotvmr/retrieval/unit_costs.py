"""GFLOPs of the parts of retrieval, counted once and not again with every query."""

from __future__ import annotations

from functools import cached_property

import torch

from spotvmr.assembly import BudgetedVmr
from spotvmr.cost import count_gflops
from spotvmr.encoders import ClipEncoder, TextEncoder
from spotvmr.selection import SelectionRequest, StoredExpert
from spotvmr.types.batches import TextBatch

_PROBE_HW = (90, 160)
"""Frame size for counting an encoder; encoders scale every frame to their own size first."""
_SHORT, _LONG = 128, 256
"""Lengths in clips between which selection and model are found to be linear (they are, by construction)."""


class UnitCosts:
    """Counts index, expert, text, selection and model, 2 FLOPs per multiply-add.

    Args:
        system: Selector and VMR model.
        index: Index encoder.
        expert: Expert encoder.
        text: Text encoder.
        device: Where the encoders run.
    """

    def __init__(
        self, system: BudgetedVmr, index: ClipEncoder, expert: ClipEncoder, text: TextEncoder, device: str
    ) -> None:
        self._system, self._index, self._expert, self._text, self._device = system, index, expert, text, device
        self._of_words: dict[int, tuple[float, float, float, float, float]] = {}

    @cached_property
    def index(self) -> float:
        """GFLOPs of an index frame."""
        return self._encoder(self._index)

    @cached_property
    def expert(self) -> float:
        """GFLOPs of a clip."""
        return self._encoder(self._expert)

    def query(self, query: str, text: TextBatch, n_clips: int) -> tuple[float, float, float]:
        """GFLOPs of text, selection and model for one query on a video of this many clips.

        Args:
            query: The sentence.
            text: The same, encoded; sentences of one length cost the same.
            n_clips: Clips of the video.
        """
        words = text.tokens.shape[1]
        if words not in self._of_words:
            short, long = self._of_clips(text, _SHORT), self._of_clips(text, _LONG)
            self._of_words[words] = (count_gflops(self._text.encode, [query]), *short, *long)
        said, *counted = self._of_words[words]
        share = (n_clips - _SHORT) / (_LONG - _SHORT)
        selection, model = (max(0.0, counted[k] + share * (counted[k + 2] - counted[k])) for k in (0, 1))
        return said, selection, model

    def _encoder(self, encoder: ClipEncoder) -> float:
        """GFLOPs of one clip."""
        return count_gflops(
            encoder, torch.zeros(1, encoder.spec.frames, 3, *_PROBE_HW, dtype=torch.uint8).to(self._device)
        )

    def _of_clips(self, text: TextBatch, n_clips: int) -> tuple[float, float]:
        """GFLOPs of selection and model on a made-up video."""
        index = torch.zeros(1, n_clips, self._index.spec.dim)
        source = StoredExpert(torch.zeros(1, n_clips, self._expert.spec.dim))
        mask, share = torch.ones(1, n_clips, dtype=torch.bool), torch.tensor([0.1], dtype=torch.float64)
        request = SelectionRequest(index, mask, text, share, source, self._system.model, ("",))
        with torch.no_grad():
            selection = self._system.selector(request)
        return (
            count_gflops(self._system.selector, request),
            count_gflops(self._system.localise, index, mask, text, selection),
        )
