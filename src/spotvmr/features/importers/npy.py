"""A folder with an npy file for each video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.features.importers.arrays import video_file


def read(folder: Path, key: str, video_id: str) -> NDArray[Any]:
    """Read one video's features.

    Args:
        folder: The folder of ``VIDEO.npy``.
        key: Must be empty: an npy file holds one array without a name.
        video_id: The video.

    Raises:
        UserError: No such file, a key, or a file that holds anything but a plain array.
    """
    if key:
        raise UserError(f"imported.key='{key}' for npy files, which hold one array without a name: leave it empty")
    path = video_file(folder, video_id, "npy")
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} is not a whole npy file of a plain array ({error}); fetch it again") from error
