"""A folder with a torch file for each video, such as the SlowFast and Omnivore features of Ego4D."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.features.importers.arrays import choose, video_file

if TYPE_CHECKING:
    import torch


def read(folder: Path, key: str, video_id: str) -> NDArray[Any]:
    """Read one video's features; nothing in the file is executed.

    Args:
        folder: The folder of ``VIDEO.pt``.
        key: Name of the tensor where the file holds several; empty is the only one.
        video_id: The video.

    Raises:
        UserError: No such file or tensor, or a file that holds anything but tensors and plain containers.
    """
    import torch

    path = video_file(folder, video_id, "pt")
    try:
        # A torch file is a pickle, which may run any code; with weights_only torch refuses all but tensors.
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, OSError, EOFError, ValueError, KeyError, AttributeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} is not a torch file of plain tensors ({reason[:120]}); it was not loaded") from error
    if isinstance(found, Mapping):
        found = choose(found, key, path)
    if not isinstance(found, torch.Tensor):
        raise UserError(f"{path} holds a {type(found).__name__}, wanted a tensor (features, channels)")
    rows: NDArray[Any] = _plain(found).numpy()
    return rows


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """A dense tensor without gradient, of a type that NumPy has."""
    import torch

    dense = tensor.detach()
    if dense.is_quantized:
        dense = dense.dequantize()
    if dense.layout != torch.strided:
        dense = dense.to_dense()
    return dense.float() if dense.is_floating_point() else dense
