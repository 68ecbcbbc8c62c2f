"""What a query on a video gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from spotvmr.types import Moment


@dataclass(frozen=True)
class DenseCost:
    """What the same query would have cost with every frame decoded and the expert on every clip, without an index.

    Attributes:
        seconds: Estimated from the rates measured on this video; frames are taken to decode on all cores without
            loss, which flatters the dense way. None as long as no clip was decoded.
        gflops: Counted, 2 FLOPs per multiply-add.
    """

    seconds: float | None
    gflops: float


@dataclass(frozen=True)
class Answer:
    """The moments found, where was looked for them, and what it cost.

    Attributes:
        query: The sentence.
        moments: Best first, in seconds.
        confidence: Share of the best moment's score in the sum of all candidates' scores, from 0 to 1: near 1 where
            one moment stands out, low where several are as good.
        clips: The clips the expert looked at, rising.
        steps: The same clips by step of the spotter.
        scores: The selector's last score of each clip (T); empty for selectors without.
        n_clips: Clips of the video, T.
        clip_s: Length of a clip in seconds.
        new_clips: Clips that had to be decoded and encoded for this query; earlier queries had paid for the others.
        stages: Cost of this query by stage, as in a run record; ``open`` has paid for the index.
        dense: The dense way, for comparison.
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
    stages: Mapping[str, Mapping[str, float]]
    dense: DenseCost

    @property
    def seconds(self) -> float:
        """Seconds this query took, without the index."""
        return sum(stage["seconds"] for stage in self.stages.values())

    @property
    def gflops(self) -> float:
        """GFLOPs of this query, without the index."""
        return sum(stage.get("gflops", 0.0) for stage in self.stages.values())

    def to_json(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {**asdict(self), "seconds": self.seconds, "gflops": self.gflops}
