"""From configuration to encoders."""

from __future__ import annotations

from spotvmr.config.schema import Config, EncoderConfig
from spotvmr.encoders import ClipEncoder, TextEncoder, build_expert, build_index
from spotvmr.encoders import build_text as _build_text


def build_encoders(config: Config) -> tuple[ClipEncoder, ClipEncoder]:
    """Index and expert encoder of a configuration, ready to run on its device."""
    index, expert = config.index, config.expert
    return (
        build_index(index.family, index.model, index.pretrained, index.frames).to(config.device),
        build_expert(expert.family, expert.model, expert.pretrained, expert.frames).to(config.device),
    )


def build_text(index: EncoderConfig) -> TextEncoder:
    """The text encoder that belongs to an index encoder."""
    return _build_text(index.family, index.model, index.pretrained)
