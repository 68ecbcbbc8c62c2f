"""What makes the features of two stores interchangeable."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True)
class StoreKey:
    """Everything that decides the values in a store; stores with equal keys may stand for one another.

    Attributes:
        encoder: Name of the encoder.
        weights_hash: Hash of its weights.
        preprocessing: Description or hash of what happens to frames before the encoder.
        clip_s: Length of a clip in seconds.
        frames: Frames the encoder sees of each clip.
        parts: Names of the channel groups and their channels, in order (order counts).
        precision: Type of the stored numbers.
    """

    encoder: str
    weights_hash: str
    preprocessing: str
    clip_s: float
    frames: int
    parts: dict[str, int]
    precision: str = "fp16"

    def __post_init__(self) -> None:
        """Refuse keys without channels or time, and precisions that are not written."""
        # A manifest may hold any JSON value here; true is an int of Python and no number of channels.
        if not self.parts or not all(type(size) is int and size >= 1 for size in self.parts.values()):
            raise ValueError(f"a store key needs parts of at least one channel, got {self.parts}")
        if not self.clip_s > 0 or self.frames < 1:
            raise ValueError(f"a store key needs clip_s > 0 and frames >= 1, got {self.clip_s} and {self.frames}")
        if self.precision != "fp16":
            raise ValueError(f"stores are written in fp16, not {self.precision!r}")

    @property
    def dim(self) -> int:
        """Channels D of all parts together."""
        return sum(self.parts.values())

    def to_json(self) -> dict[str, Any]:
        """The key as plain JSON data; ``StoreKey(**data)`` is the way back."""
        return asdict(self)

    def digest(self) -> str:
        """Twelve hex digits that differ between different keys."""
        return hashlib.sha256(json.dumps(_comparable(self)).encode()).hexdigest()[:12]

    def differences(self, wanted: StoreKey) -> str:
        """Name the fields in which ``wanted`` differs, with both values; empty if none does.

        Example:
            >>> one = StoreKey("clip", "a1", "resize 224", 1.0, 1, {"image": 512})
            >>> two = StoreKey("clip", "b2", "resize 224", 2.0, 1, {"image": 512})
            >>> one.differences(two)
            "weights_hash is 'a1', wanted 'b2'; clip_s is 1.0, wanted 2.0"
        """
        pairs = zip(_comparable(self), _comparable(wanted), strict=True)
        names = (f.name for f in fields(self))
        return "; ".join(
            f"{name} is {getattr(self, name)!r}, wanted {getattr(wanted, name)!r}"
            for name, (mine, theirs) in zip(names, pairs, strict=True)
            if mine != theirs
        )


def _comparable(key: StoreKey) -> list[Any]:
    """Field values in order, parts as a list: two dicts are equal whatever their order, channels are not."""
    values = [getattr(key, f.name) for f in fields(key)]
    return [[list(item) for item in v.items()] if isinstance(v, dict) else v for v in values]
