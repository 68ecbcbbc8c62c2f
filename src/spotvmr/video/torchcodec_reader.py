"""Frames at any times through torchcodec, which decodes with the FFmpeg libraries of the system.

At the video's own size the pixels are those of the other backends. Scaled ones differ by 1 to 2 of 255 on average,
since torchcodec converts to rgb before it scales.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.video.frames import DISPLAY_SLACK_S
from spotvmr.video.info import VideoInfo
from spotvmr.video.numbered import NumberedReader, RefusedError
from spotvmr.video.packets import PacketScan, scan_packets
from spotvmr.video.per_process import PerProcess


def torchcodec_installed() -> bool:
    """Whether torchcodec can be imported here: it needs shared libraries of FFmpeg 4 to 8."""
    try:
        import torchcodec.decoders  # noqa: F401
    except (ImportError, OSError, RuntimeError):  # RuntimeError: torchcodec found no FFmpeg library
        return False
    return True


def open_torchcodec(info: VideoInfo, size: tuple[int, int] | None = None, threads: int = 1) -> NumberedReader:
    """A reader that compares the time of each frame that torchcodec returns with the time of its packet.

    Args:
        info: Facts of the video.
        size: (height, width) of the frames; None keeps the video's own.
        threads: Decoding threads; 0 uses every core.

    Raises:
        UserError: torchcodec or FFmpeg is not installed; or the file has repeated times (``RefusedError``). ``read`` of
            the result raises the same when torchcodec fails or returns a frame of another time.
    """
    if not torchcodec_installed():
        raise UserError(
            "video.backend=torchcodec: torchcodec or the FFmpeg libraries are not installed: "
            "pip install 'spotvmr[torchcodec]' and FFmpeg 4 to 8, or use pyav or auto"
        )
    scan = scan_packets(info.path, info)
    if np.any(np.diff(scan.times_s) <= 0):
        raise RefusedError("torchcodec", info, "it has repeated times")
    return NumberedReader(
        "torchcodec", info, scan, _Torchcodec(info, size, scan, threads), size or (info.height, info.width)
    )


class _Torchcodec:
    """Fetches frames by number, and checks their times."""

    def __init__(self, info: VideoInfo, size: tuple[int, int] | None, scan: PacketScan, threads: int) -> None:
        self._info, self._times_s = info, scan.times_s
        self._shape = (*(size or (info.height, info.width)), 3)
        self._decoder = PerProcess(partial(_open, info, size, threads))

    def __call__(self, numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Pixels (n, H, W, 3) of rising frame numbers (n,)."""
        try:
            batch = self._decoder.get().get_frames_at(numbers.tolist())
        except (RuntimeError, IndexError, ValueError) as error:
            raise RefusedError("torchcodec", self._info, f"it fails: {_line(error)}") from error
        found_s = batch.pts_seconds.numpy() - self._info.origin_s
        if np.abs(found_s - self._times_s[numbers]).max() > DISPLAY_SLACK_S:
            raise RefusedError("torchcodec", self._info, "it gives other frame times")
        pixels: NDArray[np.uint8] = batch.data.numpy()
        if pixels.shape[1:] != self._shape:
            raise RefusedError("torchcodec", self._info, f"it gives frames of shape {pixels.shape[1:]}")
        return pixels


def _open(info: VideoInfo, size: tuple[int, int] | None, threads: int) -> Any:
    """A decoder that has scanned the whole file for the times of its frames."""
    from torchcodec.decoders import VideoDecoder
    from torchcodec.transforms import Resize

    transforms = None if size is None else [Resize(size)]
    return VideoDecoder(
        info.path, dimension_order="NHWC", num_ffmpeg_threads=threads, seek_mode="exact", transforms=transforms
    )


def _line(error: BaseException) -> str:
    """The first line of a message, without the place in torchcodec's source."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rpartition(", ")[2][:100]
