"""An index without some of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.features.store import FeatureStore


class DroppedParts(FeatureStore):
    """A store that reads some of its named parts as zeros: what the others are worth without them.

    Args:
        store: The whole store.
        drop: Names of the parts.

    Raises:
        UserError: The store has no such part, or nothing would be left.
    """

    def __init__(self, store: FeatureStore, drop: Sequence[str]) -> None:
        super().__init__(store.path, store.manifest)
        parts = store.key.parts
        if unknown := [name for name in drop if name not in parts]:
            raise UserError(f"index.drop={unknown[0]} is no part of {store.path}, which has {', '.join(parts)}")
        if set(drop) == set(parts):
            raise UserError(f"index.drop={','.join(drop)} leaves nothing of {store.path}")
        self.drop = tuple(drop)
        kept = [np.full(size, name not in self.drop) for name, size in parts.items()]
        self._kept = np.concatenate(kept).astype(np.float16)

    def __reduce__(self) -> tuple[Any, ...]:
        """Stay without them in a worker."""
        return DroppedParts, (FeatureStore.open(self.path, self.key), self.drop)

    def _rows(self, video_id: str) -> NDArray[np.float16]:
        """All clips of a video (n, D), zeros in the channels of the dropped parts."""
        return super()._rows(video_id) * self._kept
