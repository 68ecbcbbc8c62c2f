"""The result of a query on a video: moments, selected clips and cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

from spotvmr.types import Moment


@dataclass(frozen=True)
class DenseCost:
    """Cost of the same query in a dense pass: every frame decoded, every clip encoded by the expert, no index.

    Attributes:
        seconds: Estimate from the rates measured on this video. It assumes that decoding scales perfectly over all
            cores, which favours the dense pass. None while no clip of the video has been decoded.
        gflops: Counted, 2 FLOPs per multiply-add.
    """

    seconds: float | None
    gflops: float


@dataclass(frozen=True)
class QueryFlops:
    """GFLOPs of one query, 2 FLOPs per multiply-add.

    Attributes:
        stages: GFLOPs of each stage that computes.
        dense: GFLOPs of the same query in a dense pass.
    """

    stages: Mapping[str, float]
    dense: float


@dataclass(frozen=True)
class Answer:
    """The moments of a query, the clips that were selected for it, and its cost.

    The first access to a number of GFLOPs runs the networks once more to count them. A query that never reads them
    does not pay for the count.

    Attributes:
        query: The sentence.
        moments: Best first, in seconds.
        confidence: Score of the best moment divided by the sum of all candidates' scores, from 0 to 1. It is near 1
            when one moment is clearly the best, and low when several are equally good.
        clips: Numbers of the expert clips, ascending.
        steps: The same clips by step of the spotter.
        scores: The selector's last score of each clip (T); empty for selectors without scores.
        n_clips: Clips of the video, T.
        clip_s: Length of a clip in seconds.
        new_clips: Clips that were decoded and encoded for this query. The others were already in the cache.
        measured: Seconds, frames and clips of each stage. The index pass is not part of it: ``Video.index_stages``.
        dense_seconds: ``DenseCost.seconds``.
        count: Counts the GFLOPs.
    """

    query: str
    moments: tuple[Moment, ...]
    confidence: float
    clips: tuple[int, ...]
    steps: tuple[tuple[int, ...], ...]
    scores: tuple[float, ...]
    n_clips: int
    clip_s: float
    new_clips: int
    measured: Mapping[str, Mapping[str, float]]
    dense_seconds: float | None
    count: Callable[[], QueryFlops] = field(repr=False, compare=False)

    @cached_property
    def flops(self) -> QueryFlops:
        """GFLOPs by stage, counted at the first access."""
        return self.count()

    @property
    def stages(self) -> dict[str, dict[str, float]]:
        """Cost of this query by stage, with the keys of a run record."""
        gflops = self.flops.stages
        return {
            stage: {**({"gflops": gflops[stage]} if stage in gflops else {}), **amounts}
            for stage, amounts in self.measured.items()
        }

    @property
    def dense(self) -> DenseCost:
        """Cost of the same query in a dense pass."""
        return DenseCost(self.dense_seconds, self.flops.dense)

    @property
    def seconds(self) -> float:
        """Seconds of this query, without the index pass."""
        return sum(stage["seconds"] for stage in self.measured.values())

    @property
    def gflops(self) -> float:
        """GFLOPs of this query, without the index pass."""
        return sum(self.flops.stages.values())

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        names = ("query", "confidence", "clips", "steps", "scores", "n_clips", "clip_s", "new_clips", "stages")
        return {
            **{name: getattr(self, name) for name in names},
            "moments": tuple(asdict(moment) for moment in self.moments),
            "dense": asdict(self.dense),
            "seconds": self.seconds,
            "gflops": self.gflops,
        }

    def __getstate__(self) -> dict[str, Any]:
        """Count before pickling: the networks that ``count`` needs stay behind."""
        flops = self.flops
        return {**self.__dict__, "flops": flops, "count": _counted_already}


def _counted_already() -> QueryFlops:
    """Replace ``count`` in an unpickled answer, which carries its counts."""
    raise RuntimeError("an unpickled answer carries its counts")
