"""One indexed video that answers queries."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray

from spotvmr.cost import Ledger
from spotvmr.errors import UserError
from spotvmr.models import share
from spotvmr.retrieval.answer import Answer
from spotvmr.retrieval.cache.identity import is_unchanged
from spotvmr.retrieval.context import RetrievalContext
from spotvmr.retrieval.lazy import LazySource
from spotvmr.retrieval.opened import OpenedVideo, open_video
from spotvmr.selection import SelectionRequest
from spotvmr.system.cores import usable_cores
from spotvmr.types import ClipGrid
from spotvmr.video import VideoInfo

log = logging.getLogger(__name__)

LONGEST_QUERY = 1000
"""Maximum number of characters of a query."""


class Video:
    """A video that answers queries; ``Retriever.open`` creates it.

    The index is in memory, one vector a clip. Expert features are computed clip by clip and kept for later queries,
    in memory and in the cache. Several threads may use one video; their queries run one after the other.

    Args:
        path: The file.
        context: Networks, cache and settings.
        every_s: Seconds between index frames of a full decode; None reads key frames only.
        progress: Whether stderr shows the progress of the index pass.

    Raises:
        UserError: The file is absent, a folder, no video, or holds no readable frame.
    """

    def __init__(
        self, path: Path, context: RetrievalContext, every_s: float | None = None, progress: bool = False
    ) -> None:
        self.path, self._context = path, context
        self._every_s, self._progress = every_s, progress
        self._lock = threading.Lock()
        self._opened = open_video(path, context, every_s, progress)

    @property
    def info(self) -> VideoInfo:
        """Facts of the file."""
        return self._opened.info

    @property
    def grid(self) -> ClipGrid:
        """The clips of the video."""
        return self._opened.grid

    @property
    def index_stages(self) -> Mapping[str, Mapping[str, float]]:
        """Cost of the index pass by stage; zeros when the cache had the index."""
        return self._opened.index_stages

    @property
    def readable_share(self) -> float:
        """Readable length divided by the length that the header states; below 1 for a file that was cut off."""
        return self._opened.readable_share

    @property
    def index_distance_s(self) -> NDArray[np.float64]:
        """Distance (T,) in seconds from the middle of each clip to its index frame."""
        return self._opened.index_distance_s

    @overload
    def ask(self, query: str, budget: float | None = None, top: int = 5) -> Answer: ...

    @overload
    def ask(self, query: list[str] | tuple[str, ...], budget: float | None = None, top: int = 5) -> list[Answer]: ...

    def ask(
        self, query: str | list[str] | tuple[str, ...], budget: float | None = None, top: int = 5
    ) -> Answer | list[Answer]:
        """Find the moments that a sentence describes.

        A file that was replaced since it was opened is indexed again first.

        Args:
            query: A sentence or several. A clip that several sentences select is decoded and encoded once.
            budget: Share of the clips that each query may select, above 0 and at most 1; None uses the run's budget.
            top: Maximum number of moments.

        Returns:
            One answer for a sentence, a list of answers for a list.

        Raises:
            UserError: The query is empty or too long, budget or ``top`` is out of its limits, or the file is gone or
                was replaced during the query.
        """
        texts = [query] if isinstance(query, str) else list(query)
        budget = self._context.budget if budget is None else budget
        for text in texts:
            _check(text, budget, top)
        with self._lock:
            opened = self._current()
            answers = [self._answer(opened, text, budget, top) for text in texts]
            self._refuse_mixed_content(opened)
        return answers[0] if isinstance(query, str) else answers

    def _current(self) -> OpenedVideo:
        """The opened content of the file, opened again when the file was replaced."""
        opened = self._opened
        if not is_unchanged(self.path, opened.stamp, opened.content):
            log.warning("%s was replaced since it was opened: indexing it again", self.path)
            # One assignment: an interrupted index pass leaves the old state, which the next query compares again.
            self._opened = opened = open_video(self.path, self._context, self._every_s, self._progress)
        return opened

    def _refuse_mixed_content(self, opened: OpenedVideo) -> None:
        """Discard the features of a file that was replaced during a query: they may be of either content."""
        if not is_unchanged(self.path, opened.stamp, opened.content):
            self._context.cache.forget(opened.content)
            self._opened = replace(opened, stamp=None, content="")  # equal to no file: the next query opens it again
            raise UserError(f"{self.path} was replaced during the query: repeat the query")

    @torch.inference_mode()
    def _answer(self, opened: OpenedVideo, query: str, budget: float, top: int) -> Answer:
        """Encode the query, select clips, localise moments."""
        context, n_clips = self._context, opened.grid.n_clips
        ledger, index = Ledger(context.device), opened.index.clone()
        source = LazySource(opened.features, ledger, index, opened.reindexing)
        mask = torch.ones(1, n_clips, dtype=torch.bool)
        with ledger.stage("text"):
            text = context.text.encode([query]).to("cpu")
        budgets = torch.tensor([budget], dtype=torch.float64)
        request = SelectionRequest(index, mask, text, budgets, source, context.system.model, (query,))
        with ledger.stage("selection"):
            selection = context.system.selector(request)
        with ledger.stage("model"):
            output = context.system.localise(index, mask, text, selection)
            duration_s = torch.tensor([opened.info.duration_s])
            moments = context.system.decode(selection, output, context.clip_s, duration_s)[0]
        new_clips = int(ledger.stages()["expert"]["clips"])
        return Answer(
            query=query,
            moments=tuple(moments[:top]),
            confidence=share(moments),
            clips=tuple(selection.chosen[0].nonzero().flatten().tolist()),
            steps=tuple(tuple(step[0].nonzero().flatten().tolist()) for step in selection.steps),
            scores=tuple(selection.scores[-1][0].tolist()) if selection.scores else (),
            n_clips=n_clips,
            clip_s=context.clip_s,
            new_clips=new_clips,
            measured=_measured(ledger),
            dense_seconds=self._dense_seconds(opened, ledger),
            count=partial(context.costs.flops, query, text, n_clips, source.reindexed, new_clips),
        )

    def _dense_seconds(self, opened: OpenedVideo, ledger: Ledger) -> float | None:
        """Estimated seconds of a dense pass, from the rates measured on this video; None before any was measured."""
        timings = self._context.cache.timings(opened.content, self._context.expert_key)
        if not (timings.frames and timings.clips):
            return None
        frames = opened.info.duration_s * opened.info.fps
        decode_s = frames * timings.decode_s / timings.frames / usable_cores()
        expert_s = opened.grid.n_clips * timings.expert_s / timings.clips
        stages = ledger.stages()
        return decode_s + expert_s + stages["text"]["seconds"] + stages["model"]["seconds"]


def _measured(ledger: Ledger) -> dict[str, dict[str, float]]:
    """Seconds, frames and clips of each stage; GFLOPs are counted later, on demand."""
    return {
        stage: {unit: amount for unit, amount in amounts.items() if unit != "gflops"}
        for stage, amounts in ledger.stages().items()
    }


def _check(query: str, budget: float, top: int) -> None:
    """Refuse values out of their limits."""
    if not query.strip():
        raise UserError("the query is empty: describe the moment in a sentence")
    if len(query) > LONGEST_QUERY:
        raise UserError(
            f"the query has {len(query)} characters, at most {LONGEST_QUERY} are read: shorten it to a sentence"
        )
    if not 0 < budget <= 1:
        raise UserError(f"budget={budget} is out of its limits: must be above 0 and at most 1; try 0.1")
    if top < 1:
        raise UserError(f"top={top} is out of its limits: must be at least 1")
