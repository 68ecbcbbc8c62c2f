"""What the settings alone tell about an encoder: no weights, no data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spotvmr.assembly.derived import derived_parts
from spotvmr.assembly.imported import build_imported
from spotvmr.config.schema import Config, EncoderConfig
from spotvmr.cost import encoder_gflops
from spotvmr.encoders import outline


@dataclass(frozen=True)
class EncoderFacts:
    """An encoder in numbers.

    Attributes:
        name: Name of the preset.
        parts: Named parts and their channels.
        gflops_per_clip: 2 per multiply-add.
        source: "counted", or where declared GFLOPs come from.
    """

    name: str
    parts: Mapping[str, int]
    gflops_per_clip: float
    source: str

    @property
    def dim(self) -> int:
        """Channels of all parts together."""
        return sum(self.parts.values())


def encoder_facts(config: Config, role: str) -> EncoderFacts:
    """Facts about the index or the expert encoder of a configuration.

    Args:
        config: The configuration.
        role: ``index`` or ``expert``.

    Raises:
        UserError: Unknown family or model, or a declaration that is not whole.
    """
    encoder: EncoderConfig = getattr(config, role)
    if encoder.family == "imported":
        imported = build_imported(role, encoder, Path(config.dataset.root))
        gflops = imported.gflops_per_clip(config.dataset.clip_s)
        return EncoderFacts(encoder.name, imported.parts, gflops, encoder.imported.source if encoder.imported else "")
    net, parts = outline(role, encoder.family, encoder.model, encoder.pretrained, encoder.frames, encoder.features)
    if encoder.derive:
        parts = derived_parts(encoder.derive, sum(parts.values()))
    return EncoderFacts(encoder.name, parts, encoder_gflops(net, encoder.frames), "counted")
