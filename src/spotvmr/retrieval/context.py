"""Networks, cache and settings that a retriever shares with each of its videos."""

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
        cache: Index and expert features of videos.
        device: Device of index encoder and expert encoder.
        clip_s: Length of a clip in seconds.
        budget: Share of a video's clips that a query may select when it names no budget.
        index_batch: Frames encoded in one batch.
        expert_batch: Clips encoded in one batch.
        video_backend: The setting ``video.backend``.
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
    video_backend: str

    @cached_property
    def index_key(self) -> str:
        """Digest of all settings that change index features."""
        return spec_key(self.index.spec, self.clip_s).digest()

    @cached_property
    def expert_key(self) -> str:
        """Digest of all settings that change expert features."""
        return spec_key(self.expert.spec, self.clip_s).digest()

    @cached_property
    def costs(self) -> UnitCosts:
        """Counter of GFLOPs."""
        return UnitCosts(self.system, self.index, self.expert, self.text)
