"""Encoders: frames of a clip to index or expert features, sentences to tokens."""

from spotvmr.encoders.build import FAMILIES, build_expert, build_index, outline
from spotvmr.encoders.frozen import FrozenEncoder
from spotvmr.encoders.spec import ClipEncoder, EncoderSpec, TextEncoder
from spotvmr.encoders.text.build import TEXT_FAMILIES, build_text_encoder

__all__ = [
    "FAMILIES",
    "TEXT_FAMILIES",
    "ClipEncoder",
    "EncoderSpec",
    "FrozenEncoder",
    "TextEncoder",
    "build_expert",
    "build_index",
    "build_text_encoder",
    "outline",
]
