"""RIO for real footage: embeddings against banks of prompts, each bank reduced by a projection without labels.

The parts follow RIO of SpotEM (Ramakrishnan et al., ICML 2023): where am I (room), what are the hands doing
(interaction), what lies in view (object); there three nets were trained for them, here an image-text model
answers prompts. For a bank P (n, D) of unit text embeddings, an image embedding e has the answers P e. Their
covariance over the clips of the training videos has the eigenvectors C (n, k) with the k largest values, and

    room(e) = Cᵀ P (e - mean e) / s,   s² = mean of the k largest eigenvalues,

so that a channel has unit variance on average and parts weigh alike. All of it is linear: what is kept is one
matrix. A sentence t goes through the same matrix. Its answers lie elsewhere than those of images (the gap
between the modalities of CLIP models), hence it has a mean and a scale of its own, those of the prompts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from spotvmr.errors import UserError
from spotvmr.system.files import write_bytes_atomic

PART_DIM = 64
"""Maximum number of channels of a part."""
_NO_VARIANCE = 1e-12
_ARRAYS = ("weight", "image_mean", "text_mean", "text_gain")


@dataclass(frozen=True)
class Projection:
    """Projection of embeddings (D,) and sentences to parts (S,); S is the sum of ``parts``.

    Attributes:
        parts: Channels of each part, in order.
        weight: (D, S) float32.
        image_mean: Of projected training clips (S,).
        text_mean: Of projected prompts (S,).
        text_gain: Factor of projected, centred sentences (S,), one value a part.
    """

    parts: dict[str, int]
    weight: NDArray[np.float32]
    image_mean: NDArray[np.float32]
    text_mean: NDArray[np.float32]
    text_gain: NDArray[np.float32]

    def digest(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of all numbers."""
        content = b"".join(np.ascontiguousarray(getattr(self, name)).tobytes() for name in _ARRAYS)
        return hashlib.sha256(content).hexdigest()[:16]


def rio_parts(embeddings: NDArray[Any], projection: Projection) -> NDArray[np.float32]:
    """Project the embeddings of clips (n, D) to their parts (n, S)."""
    return embeddings.astype(np.float32) @ projection.weight - projection.image_mean


def rio_sentences(sentences: NDArray[Any], projection: Projection) -> NDArray[np.float32]:
    """Project the embeddings of sentences (B, D) into the space of the parts (B, S)."""
    centred = sentences.astype(np.float32) @ projection.weight - projection.text_mean
    return centred * projection.text_gain


def part_dims(banks: Mapping[str, int], dim: int) -> dict[str, int]:
    """Channels of each part: 64, or fewer where bank or embedding has fewer.

    Args:
        banks: Prompts of each bank.
        dim: Channels D of an embedding.

    >>> part_dims({"room": 262, "object": 50}, 512)
    {'room': 64, 'object': 50}
    """
    return {part: min(PART_DIM, size, dim) for part, size in banks.items()}


def fit_projection(embeddings: Iterable[NDArray[Any]], banks: Mapping[str, NDArray[Any]]) -> Projection:
    """Fit the projection described at the head of this module, without labels.

    Args:
        embeddings: Clips of one training video after another (n, D), at least one clip in all.
        banks: Text embeddings of each part's prompts (n, D), in the space and scale of sentences.

    Raises:
        ValueError: No clip at all.
    """
    mean, covariance = _moments(embeddings)
    prompts = np.concatenate([bank.astype(np.float64) for bank in banks.values()])
    dims = part_dims({part: len(bank) for part, bank in banks.items()}, len(mean))
    weights = {part: _part_weight(bank.astype(np.float64), covariance, dims[part]) for part, bank in banks.items()}
    weight = np.concatenate(list(weights.values()), axis=1)
    said = {part: prompts @ columns for part, columns in weights.items()}
    gains = [np.full(dims[part], 1 / np.sqrt(max(rows.var(0).mean(), _NO_VARIANCE))) for part, rows in said.items()]
    arrays = (weight, mean @ weight, prompts.mean(0) @ weight, np.concatenate(gains))
    return Projection(dims, *(array.astype(np.float32) for array in arrays))


def save_projection(projection: Projection, path: Path, facts: Mapping[str, str]) -> None:
    """Write a projection as safetensors with its facts."""
    arrays = {name: np.ascontiguousarray(getattr(projection, name)) for name in _ARRAYS}
    parts = ",".join(f"{part}:{size}" for part, size in projection.parts.items())
    write_bytes_atomic(path, save(arrays, metadata={**facts, "parts": parts}))


def load_projection(path: Path) -> tuple[Projection, dict[str, str]] | None:
    """Read a projection and its facts; None if there is none.

    Raises:
        UserError: The file is damaged.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="np") as file:
            facts = dict(file.metadata())
            arrays = {name: file.get_tensor(name) for name in _ARRAYS}
        parts = {part: int(size) for part, size in (row.split(":") for row in facts.pop("parts").split(","))}
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise UserError(f"{path} is damaged ({error}); delete it and run `spotvmr index` again") from error
    return Projection(parts, **arrays), facts


def _moments(embeddings: Iterable[NDArray[Any]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean (D,) and covariance (D, D) of all clips; one video is in memory at a time."""
    count, total, squares = 0, np.zeros(()), np.zeros(())
    for rows in embeddings:
        values = rows.astype(np.float64)
        count, total, squares = count + len(values), total + values.sum(0), squares + values.T @ values
    if not count:
        raise ValueError("a projection needs at least one clip")
    mean = total / count
    return mean, squares / count - np.outer(mean, mean)


def _part_weight(bank: NDArray[np.float64], covariance: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    """The matrix (D, dim) of one part; each axis points where its largest entry is positive."""
    bank = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(bank @ covariance @ bank.T)
    values, vectors = values[::-1][:dim], vectors[:, ::-1][:, :dim]
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(0), np.arange(dim)])
    spread = float(values.mean())
    return bank.T @ vectors / np.sqrt(spread if spread > _NO_VARIANCE else 1.0)
