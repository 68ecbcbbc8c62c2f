"""One HDF5 file with an array a video, as MAD and ActivityNet's C3D features come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError


def read(path: Path, key: str, video_id: str) -> NDArray[Any]:
    """Read one video's features.

    Args:
        path: The file.
        key: Name of a video's array, groups included, where ``{video}`` stands for the video; empty is the video.
        video_id: The video.

    Raises:
        UserError: The file is absent or broken, or has no such array.
    """
    name = (key or "{video}").replace("{video}", video_id)
    if not path.is_file():
        raise UserError(f"feature file {path} is absent; set imported.path to an h5 file below dataset.root")
    try:
        with h5py.File(path, "r") as file:
            found = file.get(name)
            if not isinstance(found, h5py.Dataset):
                some = ", ".join(list(file)[:3]) or "nothing"
                raise UserError(
                    f"video {video_id} is not in {path}: no array '{name}' among {len(file)} entries ({some}, …); "
                    "check imported.key, or remove the video's rows"
                )
            return np.asarray(found[()])
    except (OSError, RuntimeError) as error:
        raise UserError(f"{path} is not a whole HDF5 file ({str(error).splitlines()[0]}); fetch it again") from error
