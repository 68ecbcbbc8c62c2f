"""From configuration to encoders."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import TypeAlias

from spotvmr.assembly.derived import BamIndex, DerivedIndex, DerivedText, RioIndex
from spotvmr.assembly.imported import build_imported
from spotvmr.assembly.own_code import find, make, require_members
from spotvmr.config.schema import Config, TextConfig
from spotvmr.encoders import ClipEncoder, TextEncoder, build_expert, build_index, build_text_encoder
from spotvmr.errors import UserError
from spotvmr.features.importers import ImportedFeatures

_OWN_SPACE = ("hf", "words")
"""Text families whose sentences lie in no space of index features."""


FeatureSource: TypeAlias = ClipEncoder | DerivedIndex | ImportedFeatures
"""What gives the features of clips: an encoder that computes them, parts made of its embeddings, or files."""


def build_encoders(config: Config) -> tuple[FeatureSource, FeatureSource]:
    """Index and expert encoder of a configuration, ready to run on its device, or the features imported for them."""
    index, expert, root = config.index, config.expert, Path(config.dataset.root)
    return (
        build_imported("index", index, root) if index.family == "imported" else _computed_index(config),
        build_imported("expert", expert, root)
        if expert.family == "imported"
        else build_expert(expert.family, expert.model, expert.pretrained, expert.frames, expert.features).to(
            config.device
        ),
    )


def index_path(config: Config) -> Path:
    """Folder of the index store of a configuration."""
    return Path(config.paths.features) / config.dataset.name / f"index-{config.index.name}"


def _computed_index(config: Config) -> ClipEncoder | DerivedIndex:
    """An index encoder, or the parts made of its embeddings."""
    index = config.index
    raw = build_index(index.family, index.model, index.pretrained, index.frames, index.features).to(config.device)
    return _derived(config, raw) if index.derive else raw


def _derived(config: Config, raw: ClipEncoder) -> DerivedIndex:
    """The derived index of a configuration over an encoder."""
    return BamIndex(raw) if config.index.derive == "bam" else RioIndex(raw, _projection_path(config))


def _projection_path(config: Config) -> Path:
    """Where the projection of a derived index lies: beside its store."""
    path = index_path(config)
    return path.with_name(f"{path.name}.projection.safetensors")


def index_tower(config: Config) -> TextEncoder:
    """The text tower that belongs to the index encoder's model, its sentences in the space of the embeddings.

    Raises:
        UserError: The model has none.
    """
    return build_text_encoder(config.index.family, config.index.model, config.index.pretrained)


def build_text(config: Config) -> TextEncoder:
    """The text encoder of a configuration: that of ``text``, or the index encoder's own tower.

    Raises:
        UserError: No such encoder, no weights, an index without a text tower, or a selector that compares
            sentences with index features of another space.
    """
    text, index = config.text, config.index
    if config.selector.name == "similarity" and text.family in _OWN_SPACE:
        raise UserError(
            f"selector=similarity compares sentences with index features, but those of text={text.name} lie in a "
            "space of their own: set text=index, or another selector"
        )
    if text.target or text.name in entry_points(group="spotvmr.texts").names:
        return _own_text(text)
    if text.family == "index":
        if index.family == "imported":
            raise UserError(
                f"index={index.name} is imported and has no text tower: set text=clip-vit-b-32, text=words or another"
            )
        tower = index_tower(config)
        return DerivedText(tower, index.derive, _projection_path(config)) if index.derive else tower
    return build_text_encoder(text.family, text.model, text.pretrained)


def _own_text(text: TextConfig) -> TextEncoder:
    """A text encoder from a file of the user or from an installed package."""
    built: TextEncoder = make("text", find("text", text.name, text.target, {}), {}, text.options)
    require_members(built, ("dim", "weights_hash", "encode"), "encoders.TextEncoder")
    return built
