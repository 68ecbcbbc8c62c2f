"""One HDF5 file with an array for each video, such as MAD and the C3D features of ActivityNet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError

if TYPE_CHECKING:
    import h5py


def read(path: Path, key: str, video_id: str) -> NDArray[Any]:
    """Read one video's features.

    Args:
        path: The file.
        key: Name of a video's array, groups included, where ``{video}`` stands for the video; empty is the video.
        video_id: The video.

    Raises:
        UserError: The file is absent or broken, or has no such array.
    """
    import h5py

    name = _name(key, video_id)
    with _open(path) as file:
        found = file.get(name)
        if not isinstance(found, h5py.Dataset):
            first = ", ".join(list(file)[:3]) or "nothing"
            raise UserError(
                f"video {video_id} is not in {path}: no array '{name}' among {len(file)} entries ({first}, …); "
                "check imported.key, or remove the video's rows"
            )
        return np.asarray(found[()])


def present(path: Path, key: str, video_ids: Iterable[str]) -> set[str]:
    """The videos with an array in the file.

    Raises:
        UserError: The file is absent or broken.
    """
    with _open(path) as file:
        return {video_id for video_id in video_ids if _name(key, video_id) in file}


def _name(key: str, video_id: str) -> str:
    return (key or "{video}").replace("{video}", video_id)


@contextmanager
def _open(path: Path) -> Iterator[h5py.File]:
    """Open the file for reading, or raise a ``UserError`` of one line."""
    import h5py  # of the extra "features"

    if not path.is_file():
        raise UserError(f"feature file {path} is absent; set imported.path to an h5 file below dataset.root")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except BlockingIOError as error:
        raise UserError(f"{path} is in use: another process writes it; wait until that has closed it") from error
    except (OSError, RuntimeError) as error:
        raise UserError(f"{path} is not a whole HDF5 file ({str(error).splitlines()[0]}); fetch it again") from error
