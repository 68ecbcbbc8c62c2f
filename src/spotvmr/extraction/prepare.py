"""Everything a training or evaluation stands on: queries, features, encoded sentences."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from spotvmr.assembly import FeatureSource, Splits, build_encoders, build_text, index_path, load_splits, make_world
from spotvmr.config import Config
from spotvmr.encoders import TextEncoder
from spotvmr.errors import UserError
from spotvmr.extraction.encoding import Engine, on_this_machine
from spotvmr.extraction.indexing import open_stores
from spotvmr.extraction.stores import fill_stores
from spotvmr.features import FeatureStore
from spotvmr.system.locks import lock_features

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PreparedData:
    """What ``prepare`` lays out.

    Attributes:
        config: The configuration.
        splits: Queries by split, with the counts of the annotation policies.
        index: Store of index features.
        expert: Store of expert features.
        index_encoder: The encoder behind the first, or the features imported for it.
        expert_encoder: The encoder behind the second, or the features imported for it.
        text: The text encoder.
        sentences: Tokens (L, D_q) and sentence feature (D_s,) of every query text.
        videos: Path of each video; empty when all features are imported.
    """

    config: Config
    splits: Splits
    index: FeatureStore
    expert: FeatureStore
    index_encoder: FeatureSource
    expert_encoder: FeatureSource
    text: TextEncoder
    sentences: Mapping[str, tuple[Tensor, Tensor]]
    videos: Mapping[str, Path]

    @property
    def dims(self) -> tuple[int, int, int]:
        """Channels of index, expert and token features."""
        return self.index.dim, self.expert.dim, self.text.dim


def prepare(config: Config, engine: Engine | None = None) -> PreparedData:
    """Make or find the data set, bring its features up to date, encode its sentences.

    Everything that is there and still valid is used as it is.

    Args:
        config: The configuration.
        engine: Who encodes videos; None decodes in one process of this machine.

    Raises:
        UserError: Data are missing or broken, or features were made by other encoders.
    """
    paths = store_paths(config)
    with lock_features(paths[0].parent):
        make_world(config)
        splits, sources = load_splits(config.dataset), build_encoders(config)
        text = build_text(config)
        videos = fill_stores(config, splits, dict(zip(paths, sources, strict=True)), engine or on_this_machine())
    index, expert = open_stores(paths, sources, config.dataset.clip_s)
    lengths_s = {query.video_id: index.duration_s(query.video_id) for query in splits.queries}
    splits = splits.fitted(lengths_s, config.dataset.clip_s)
    if config.index.drop:
        index = _without_parts(index, config.index.drop)
    sentences = encode_sentences(text, [query.text for query in splits.queries])
    return PreparedData(config, splits, index, expert, *sources, text, sentences, videos)


def store_paths(config: Config) -> tuple[Path, Path]:
    """Folders of the index and the expert store of a configuration."""
    index = index_path(config)
    return index, index.with_name(f"expert-{config.expert.name}")


@torch.inference_mode()
def encode_sentences(text: TextEncoder, texts: Sequence[str], batch: int = 256) -> dict[str, tuple[Tensor, Tensor]]:
    """Encode each different sentence once: tokens (L, D_q) without padding, and sentence feature (D_s,)."""
    unique = sorted(set(texts))
    encoded = {}
    for start in range(0, len(unique), batch):
        part = unique[start : start + batch]
        out = text.encode(part).to("cpu")
        for row, sentence in enumerate(part):
            encoded[sentence] = (out.tokens[row][out.mask[row]].clone(), out.sentence[row].clone())
    return encoded


def _without_parts(index: FeatureStore, drop: Sequence[str]) -> FeatureStore:
    """The index with the parts of ``index.drop`` read as zeros."""
    if set(drop) == set(index.key.parts):
        raise UserError(f"index.drop={','.join(drop)} leaves nothing of {index.path}; leave out one of its parts")
    try:
        return index.without(drop)
    except UserError as error:
        raise UserError(f"index.drop: {error}") from error
