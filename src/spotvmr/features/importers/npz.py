"""A folder with an npz file for each video, such as the SlowFast and CLIP features of QVHighlights."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.features.importers.arrays import choose, video_file


def read(folder: Path, key: str, video_id: str) -> NDArray[Any]:
    """Read one video's features.

    Args:
        folder: The folder of ``VIDEO.npz``.
        key: Name of the array in the file, such as ``features`` or ``pooler_output``; empty is the only one.
        video_id: The video.

    Raises:
        UserError: No such file or array, or a file that holds anything but plain arrays.
    """
    path = video_file(folder, video_id, "npz")
    try:
        loaded = np.load(path, allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            raise UserError(f"{path} is an npy file under the name of an npz file: rename it, and set layout=npy")
        with loaded as file:
            return np.asarray(choose(file, key, path))
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, AttributeError) as error:
        raise UserError(f"{path} is not a whole npz file of plain arrays ({error}); fetch it again") from error
