"""One opened video: indexed, ready to be asked."""

from __future__ import annotations

import logging
import threading
from functools import partial
from pathlib import Path
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray

from spotvmr.cost import Ledger
from spotvmr.errors import UserError
from spotvmr.models import share
from spotvmr.retrieval.answer import Answer, DenseCost
from spotvmr.retrieval.cache.identity import content_hash, stamp
from spotvmr.retrieval.context import RetrievalContext
from spotvmr.retrieval.decoding import usable_cores
from spotvmr.retrieval.indexing import IndexPass
from spotvmr.retrieval.keyframes import nearest_frames, opened_clips
from spotvmr.retrieval.lazy import LazyFeatures, LazySource, Opened
from spotvmr.selection import Selection, SelectionRequest
from spotvmr.types import ClipGrid, Moment
from spotvmr.types.batches import TextBatch
from spotvmr.video import VideoInfo, probe

log = logging.getLogger(__name__)

LONGEST_QUERY = 1000
"""Characters of a query."""
# With a key frame a clip the mean distance is 0.5 clips; at 1.0 recall falls (``experiments/retrieval``).
_FAR_CLIPS = 0.75
_CUT_OFF_S = 1.0  # headers round: only a file that lacks more is called cut off


class Video:
    """A video that answers queries; ``Retriever.open`` makes it.

    Its index is in memory (one vector a clip); expert features come into being clip by clip and are kept for later
    queries, here and in the cache. May be asked from several threads, one at a time.

    Args:
        path: The file.
        context: Networks, cache and settings.
        every_s: Seconds between index frames of a full decode; None reads key frames alone.
        progress: Whether the index pass shows on stderr how far it is.

    Attributes:
        info: The file's facts.
        grid: Its clips.
        index_stages: What the index pass of this call cost, by stage; nothing when the cache had the index.
        readable_share: Of the length that the file's header states; below 1 for a file that was cut off.
        index_distance_s: Seconds (T,) from the middle of each clip to the index frame that stands for it.

    Raises:
        UserError: The file is absent, a folder, no video, or holds no readable frame.
    """

    def __init__(
        self, path: Path, context: RetrievalContext, every_s: float | None = None, progress: bool = False
    ) -> None:
        self.path, self._context = path, context
        self._every_s, self._progress = every_s, progress
        self._guard = threading.Lock()
        self._open()

    def _open(self) -> None:
        """Look at the file and index it, or find its index."""
        context = self._context
        self._stamp = stamp(self.path) if self.path.exists() else None
        self.info = probe(self.path)
        self.readable_share = _readable_share(self.info)
        if self.readable_share < 1:
            info = self.info
            log.warning("%s is cut off: %.1f of its %.1f s can be read", self.path, info.duration_s, info.stated_s)
        self.grid = ClipGrid(self.info.duration_s, context.clip_s)
        self._hash = content_hash(self.path)
        context.cache.touch(self._hash)
        ledger = Ledger(context.device)
        index_pass = IndexPass(context.index, context.index_key, context.device, context.index_batch, self._every_s)
        frames = index_pass.run(self.info, self._hash, context.cache, ledger, self._progress)
        if ledger.seconds:
            ledger.add("index", gflops=context.costs.index * ledger.stages()["decode"]["frames"])
        self.index_stages = ledger.stages()
        numbers, self.index_distance_s = nearest_frames(frames.times_s, self.grid)
        self._opened: Opened = partial(opened_clips, times_s=frames.times_s, grid=self.grid)
        if self._every_s is not None:  # a declared rate is kept to
            self._opened = _nothing
        if self.index_distance_s.mean() > _FAR_CLIPS * context.clip_s:
            log.info("%s has few key frames: every_s=1 would index more, by decoding all of it", self.path)
        self._index = torch.from_numpy(frames.features[numbers].astype(np.float32))[None]
        self._features = LazyFeatures(self.info, self.grid, context, self._hash)

    @overload
    def ask(self, query: str, budget: float | None = None, top: int = 5) -> Answer: ...

    @overload
    def ask(self, query: list[str] | tuple[str, ...], budget: float | None = None, top: int = 5) -> list[Answer]: ...

    def ask(
        self, query: str | list[str] | tuple[str, ...], budget: float | None = None, top: int = 5
    ) -> Answer | list[Answer]:
        """Find the moments that a sentence asks for.

        Args:
            query: A sentence, or several: clips that several of them look at are decoded and encoded once.
            budget: Share of the clips that each may look at, above 0 and at most 1; None takes that of the run.
            top: Moments wanted, at most.

        Returns:
            The answer; a list of them for a list. A file that was replaced meanwhile is indexed again first.

        Raises:
            UserError: An empty or overlong query, a budget or ``top`` out of its limits, or the file is gone.
        """
        texts = [query] if isinstance(query, str) else list(query)
        budget = self._context.budget if budget is None else budget
        for text in texts:
            _check(text, budget, top)
        with self._guard:
            if stamp(self.path) != self._stamp and content_hash(self.path) != self._hash:
                log.warning("%s was replaced since it was opened: indexing it again", self.path)
                self._open()
            answers = [self._answer(text, budget, top) for text in texts]
        return answers[0] if isinstance(query, str) else answers

    @torch.inference_mode()
    def _answer(self, query: str, budget: float, top: int) -> Answer:
        """Encode the query, select, localise."""
        context = self._context
        ledger, index = Ledger(context.device), self._index.clone()
        source = LazySource(self._features, ledger, index, self._opened)
        mask = torch.ones(1, self.grid.n_clips, dtype=torch.bool)
        with ledger.stage("text"):
            text = context.text.encode([query]).to("cpu")
        share = torch.tensor([budget], dtype=torch.float64)
        request = SelectionRequest(index, mask, text, share, source, context.system.model, (query,))
        with ledger.stage("selection"):
            selection = context.system.selector(request)
        with ledger.stage("model"):
            output = context.system.localise(index, mask, text, selection)
            duration_s = torch.tensor([self.info.duration_s])
            moments = context.system.decode(selection, output, context.clip_s, duration_s)[0]
        self._charge(ledger, query, text)
        return self._told(query, moments, top, selection, ledger)

    def _charge(self, ledger: Ledger, query: str, text: TextBatch) -> None:
        """Enter the GFLOPs."""
        said, selecting, localising = self._context.costs.query(query, text, self.grid.n_clips)
        ledger.add("text", gflops=said)
        ledger.add("selection", gflops=selecting)
        ledger.add("model", gflops=localising)
        ledger.add("expert", gflops=self._context.costs.expert * ledger.stages()["expert"]["clips"])

    def _told(self, query: str, moments: list[Moment], top: int, selection: Selection, ledger: Ledger) -> Answer:
        """Put the answer together."""
        stages = ledger.stages()
        return Answer(
            query=query,
            moments=tuple(moments[:top]),
            confidence=share(moments),
            clips=tuple(selection.chosen[0].nonzero().flatten().tolist()),
            steps=tuple(tuple(step[0].nonzero().flatten().tolist()) for step in selection.steps),
            scores=tuple(selection.scores[-1][0].tolist()) if selection.scores else (),
            n_clips=self.grid.n_clips,
            clip_s=self._context.clip_s,
            new_clips=int(stages["expert"]["clips"]),
            stages=stages,
            dense=self._dense(ledger),
        )

    def _dense(self, ledger: Ledger) -> DenseCost:
        """What the dense way would have cost, from the rates of this video."""
        stages, clips = ledger.stages(), self.grid.n_clips
        rates = self._context.cache.timings(self._hash, self._context.expert_key)
        gflops = clips * self._context.costs.expert + stages["text"]["gflops"] + stages["model"]["gflops"]
        if not (rates.frames and rates.clips):
            return DenseCost(None, gflops)
        frames = self.info.duration_s * self.info.fps
        decode_s = frames * rates.decode_s / rates.frames / usable_cores()
        expert_s = clips * rates.expert_s / rates.clips
        return DenseCost(decode_s + expert_s + stages["text"]["seconds"] + stages["model"]["seconds"], gflops)


def _nothing(chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """No clip."""
    return chosen[:0]


def _readable_share(info: VideoInfo) -> float:
    """Length that can be read over length that is stated; 1 where they differ by what rounding explains."""
    end_s = info.duration_s + max(0.0, info.origin_s)
    return info.duration_s / info.stated_s if info.stated_s > end_s + _CUT_OFF_S else 1.0


def _check(query: str, budget: float, top: int) -> None:
    """Refuse what cannot be asked."""
    if not query.strip():
        raise UserError("the query is empty: say in a sentence what to look for")
    if len(query) > LONGEST_QUERY:
        raise UserError(
            f"the query has {len(query)} characters, at most {LONGEST_QUERY} are read: say it in a sentence"
        )
    if not 0 < budget <= 1:
        raise UserError(f"budget={budget} is out of its limits: must be above 0 and at most 1; try 0.1")
    if top < 1:
        raise UserError(f"top={top} is out of its limits: must be at least 1")
