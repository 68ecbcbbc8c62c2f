"""What a retriever lends to each of its videos."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from spotvmr.assembly import BudgetedVmr, spec_key
from spotvmr.encoders import ClipEncoder, TextEncoder
from spotvmr.retrieval.cache.video_cache import VideoCache
from spotvmr.retrieval.unit_costs import UnitCosts


@dataclass(frozen=True)
class RetrievalContext:
    """Networks, cache and settings.

    Attributes:
        system: Trained selector and VMR model, in evaluation mode.
        index: Index encoder, on ``device``.
        expert: Expert encoder, on ``device``.
        text: Text encoder.
        cache: What is known of videos.
        device: Where index and expert encoder run.
        clip_s: Length of a clip in seconds.
        budget: Share of a video's clips that may be looked at when a query names none.
        index_batch: Frames encoded at once.
        expert_batch: Clips encoded at once.
    """

    system: BudgetedVmr
    index: ClipEncoder
    expert: ClipEncoder
    text: TextEncoder
    cache: VideoCache
    device: str
    clip_s: float
    budget: float
    index_batch: int
    expert_batch: int

    @cached_property
    def index_key(self) -> str:
        """Digest of what decides index features."""
        return spec_key(self.index.spec, self.clip_s).digest()

    @cached_property
    def expert_key(self) -> str:
        """Digest of what decides expert features."""
        return spec_key(self.expert.spec, self.clip_s).digest()

    @cached_property
    def costs(self) -> UnitCosts:
        """GFLOPs of the parts."""
        return UnitCosts(self.system, self.index, self.expert, self.text, self.device)
