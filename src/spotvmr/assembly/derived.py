"""Index features made of a cheap encoder's embeddings: the presets ``rio`` and ``bam``, and their sentences.

The embeddings of every clip are extracted and stored as those of any index; a second store, made from the
first in seconds, holds the parts. ``rio`` projects a clip by itself, with a projection that is fitted once on
the training videos and kept beside the store; ``bam`` looks at a whole video and at its coded stream.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spotvmr.encoders import ClipEncoder, EncoderSpec, TextEncoder
from spotvmr.encoders.prompts import BANKS, banks_digest, prompts
from spotvmr.errors import UserError
from spotvmr.features import FeatureStore
from spotvmr.features.bam import BACKGROUND_S, MOTION_DIM, bam_parts, bam_sentences, key_changes, motion_channels
from spotvmr.features.rio import (
    Projection,
    fit_projection,
    load_projection,
    part_dims,
    rio_parts,
    rio_sentences,
    save_projection,
)
from spotvmr.types.batches import TextBatch
from spotvmr.video import iter_keyframes, scan_packets

log = logging.getLogger(__name__)
KINDS = ("rio", "bam")
_KEY_SIZE = (36, 64)
"""Height and width of the key frames that are compared, in pixels."""


class RioIndex:
    """Room, interaction and object of a clip: its embedding's answers to banks of prompts, projected.

    Args:
        raw: The encoder of clips.
        path: File of the projection.
    """

    def __init__(self, raw: ClipEncoder, path: Path) -> None:
        self.raw, self.path = raw, path
        self._loaded: Projection | None = None

    @property
    def projection(self) -> Projection:
        """The fitted projection.

        Raises:
            UserError: There is none for this encoder and these prompts.
        """
        if self._loaded is None:
            found = load_projection(self.path)
            if found is None or not found[1].items() >= self._facts().items():
                raise UserError(f"no projection for this encoder at {self.path}: run `spotvmr index`")
            self._loaded = found[0]
        return self._loaded

    @property
    def spec(self) -> EncoderSpec:
        """Identity of the parts: it holds the projection's hash."""
        raw, projection = self.raw.spec, self.projection
        marks = f"{raw.weights_hash}-{projection.digest()}"
        return replace(raw, name=f"{raw.name}+rio", parts=dict(projection.parts), weights_hash=marks)

    def __call__(self, frames: Tensor) -> Tensor:
        """Encode clips (B, K, 3, H, W), uint8 → (B, S)."""
        embeddings = self.raw(frames)
        return torch.from_numpy(rio_parts(embeddings.cpu().numpy(), self.projection)).to(embeddings.device)

    def fit(self, store: FeatureStore, videos: Sequence[str], tower: Callable[[], TextEncoder]) -> None:
        """Fit and keep the projection, unless the one that is kept was fitted on the same videos.

        Args:
            store: Holds the embeddings.
            videos: Training videos; none: any projection of this encoder serves.
            tower: Builds the text tower that belongs to the encoder.

        Raises:
            UserError: There is neither a projection nor a training video, or sentences lie in another space.
        """
        facts = self._facts() | {"videos": _digest(sorted(videos))}
        found = load_projection(self.path)
        if found is not None and found[1].items() >= (facts if videos else self._facts()).items():
            return
        if not videos:
            raise UserError("index.derive=rio needs training videos to fit its projection: set dataset.train=FILE")
        text = tower()
        if text.sentence_dim != self.raw.spec.dim:
            raise UserError(
                f"index.derive=rio compares clips with prompts: {self.raw.spec.name} has {self.raw.spec.dim} channels, "
                f"its sentences {text.sentence_dim}; choose a model with a text tower of its own"
            )
        log.info("fitting the projection of %s on %d training videos", self.path.stem, len(videos))
        banks = {part: text.encode(prompts(part)).sentence.float().cpu().numpy() for part in BANKS}
        save_projection(fit_projection(map(store.read, sorted(videos)), banks), self.path, facts)
        self._loaded = None

    def derive(self, embeddings: NDArray[np.float16], path: Path, clip_s: float) -> NDArray[np.float32]:  # noqa: ARG002
        """Parts (n, S) of a video from its embeddings (n, D)."""
        return rio_parts(embeddings, self.projection)

    def _facts(self) -> dict[str, str]:
        """What a projection must have been fitted for."""
        raw = self.raw.spec
        return {"weights": raw.weights_hash, "preprocessing": raw.preprocessing, "prompts": banks_digest()}


class BamIndex:
    """Background, appearance and motion.

    Args:
        raw: The encoder of clips.
    """

    def __init__(self, raw: ClipEncoder) -> None:
        self.raw = raw
        spec = raw.spec
        marks = f"{spec.preprocessing}; background {BACKGROUND_S:g} s, key frames {_KEY_SIZE[1]}x{_KEY_SIZE[0]}"
        self.spec = replace(spec, name=f"{spec.name}+bam", parts=derived_parts("bam", spec.dim), preprocessing=marks)

    def __call__(self, frames: Tensor) -> Tensor:
        """Embed clips (B, K, 3, H, W), uint8 → (B, D); the parts need the whole video, see ``derive``."""
        return self.raw(frames)

    def derive(self, embeddings: NDArray[np.float16], path: Path, clip_s: float) -> NDArray[np.float32]:
        """Parts (n, 2 D + 6) of a whole video from its embeddings (n, D) and its file.

        Raises:
            UserError: The video cannot be read.
        """
        scan = scan_packets(path)
        clips = (scan.times_s / clip_s).astype(np.int64)
        # Backends scale frames with small differences; these parts must not depend on ``video.backend``.
        keys = iter_keyframes(path, _KEY_SIZE, backend="pyav")
        pictures = ((int(key.times_s[0] / clip_s), key.pixels[0]) for key in keys)
        changes = key_changes(pictures)
        motion = motion_channels(scan.sizes_bytes, clips, scan.keyframe, changes, len(embeddings))
        return bam_parts(embeddings, motion, clip_s)


DerivedIndex: TypeAlias = RioIndex | BamIndex


class DerivedText:
    """The text tower of a derived index's encoder, with sentences in the space of the parts.

    Args:
        text: The text tower.
        kind: ``rio`` or ``bam``.
        path: File of the projection of ``rio``, read when the first sentence is encoded.
    """

    def __init__(self, text: TextEncoder, kind: str, path: Path) -> None:
        self.text, self.kind, self.path = text, kind, path
        self.dim, self.weights_hash = text.dim, text.weights_hash
        self.sentence_dim = sum(derived_parts(kind, text.sentence_dim).values())

    def encode(self, texts: list[str]) -> TextBatch:
        """Encode sentences: tokens (B, L, D_q), mask (B, L), sentence (B, S)."""
        out = self.text.encode(texts)
        plain = out.sentence.float().cpu().numpy()
        moved = rio_sentences(plain, self._projection) if self.kind == "rio" else bam_sentences(plain)
        return replace(out, sentence=torch.from_numpy(moved).to(out.sentence.device))

    @cached_property
    def _projection(self) -> Projection:
        """That of the index; the index has checked what it was fitted for."""
        found = load_projection(self.path)
        if found is None:
            raise UserError(f"no projection at {self.path}: run `spotvmr index`")
        return found[0]


def derived_parts(kind: str, dim: int) -> dict[str, int]:
    """Parts of a derived index with their channels.

    Args:
        kind: ``rio`` or ``bam``.
        dim: Channels D of the embedding.

    >>> derived_parts("rio", 512)
    {'room': 64, 'interaction': 64, 'object': 64}
    """
    if kind == "rio":
        return part_dims({part: len(prompts(part)) for part in BANKS}, dim)
    return {"background": dim, "appearance": dim, "motion": MOTION_DIM}


def _digest(names: Sequence[str]) -> str:
    """Eight hexadecimal digits of a list of names."""
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()[:8]
