"""Functions of all layouts: the choice of an array in a file, and its shape."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.types.names import check_video_id

_SHOWN = 5
"""Names of arrays in an error."""


def video_file(folder: Path, video_id: str, suffix: str) -> Path:
    """The file of one video.

    Raises:
        UserError: The id cannot be a file name, or there is no such file.
    """
    path = folder / f"{check_video_id(video_id)}.{suffix}"
    if not path.is_file():
        where = "which is no folder" if not folder.is_dir() else f"which holds {len(list(folder.glob('*')))} files"
        raise UserError(f"video {video_id} has no features: {path.name} is not in {folder}, {where}")
    return path


def choose(arrays: Mapping[str, Any], key: str, path: Path) -> Any:
    """The array named ``key``, or the only array if ``key`` is empty.

    Raises:
        UserError: There is none of that name, or several and none was named.
    """
    if key in arrays:
        return arrays[key]
    if not key and len(arrays) == 1:
        return next(iter(arrays.values()))
    names = sorted(map(str, arrays))
    listed = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    lacking = f"no array '{key}'" if key else "several arrays"
    raise UserError(f"{path} holds {lacking}: it has {listed or 'nothing'}; set imported.key to one of them")


def matrix(array: NDArray[Any], path: Path) -> NDArray[Any]:
    """Features as rows (n, D); axes of length one before these two, or behind them, are dropped.

    A video of one feature, (1, 1, D), keeps its row.

    Raises:
        UserError: No features, not numbers, or other axes.
    """
    rows = array if array.ndim <= 2 else array.squeeze()
    if rows.ndim < 2 < array.ndim and array.shape[-1] == array.size:
        rows = array.reshape(1, -1)
    if rows.ndim != 2 or not rows.size or rows.dtype.kind not in "fiu":
        raise UserError(
            f"{path}: features have shape {array.shape} of {array.dtype}, wanted numbers (features, channels)"
        )
    return rows if rows.dtype.kind == "f" else rows.astype(np.float32)
