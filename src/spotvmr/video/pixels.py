"""From decoded pictures to upright rgb arrays of a given size, and from arrays to JPEG files."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

_JPEG_QUANTISER = 10  # 1 is best, 31 smallest; a frame of 90 pixels' height has 2 to 3 kB


class RgbConverter:
    """Turns a decoded picture into rgb: resized, then rotated upright.

    swscale's bilinear filter widens when it shrinks (no aliasing), and is what decord scales with: at their own size
    both give the same bytes, scaled their swscale releases differ by up to 5 of 255 (0.1 on average).

    Args:
        rotation: Counter-clockwise degrees that bring the coded picture upright: 0, 90, 180 or 270.
        size: (height, width) of the result; None keeps the video's own.
    """

    def __init__(self, rotation: int, size: tuple[int, int] | None) -> None:
        """Keep one reformatter: it caches the scaling tables from frame to frame."""
        self._quarters = rotation // 90
        self._coded = size if size is None or self._quarters % 2 == 0 else (size[1], size[0])
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """Convert one picture to (H, W, 3) uint8."""
        height, width = self._coded or (frame.height, frame.width)
        rgb = self._reformatter.reformat(
            frame, width=width, height=height, format="rgb24", interpolation=Interpolation.BILINEAR
        )
        return upright(np.asarray(rgb.to_ndarray(), np.uint8), self._quarters)


def upright(pixels: NDArray[np.uint8], quarters: int) -> NDArray[np.uint8]:
    """Turn pictures (…, H, W, 3) counter-clockwise by quarters of a circle."""
    if quarters % 4 == 0:
        return pixels
    return np.ascontiguousarray(np.rot90(pixels, quarters, axes=(-3, -2)))


def frame_rotation(frame: VideoFrame) -> int:
    """Counter-clockwise degrees, a multiple of 90 in [0, 360), that the container asks players to turn by."""
    return round(frame.rotation / 90) * 90 % 360


def encode_jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """Encode a picture.

    Args:
        pixels: (H, W, 3), rgb.

    Returns:
        The content of a JPEG file.
    """
    picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(format="yuvj420p")
    codec = VideoCodecContext.create("mjpeg", "w")
    codec.height, codec.width, codec.pix_fmt = picture.height, picture.width, "yuvj420p"
    codec.time_base = Fraction(1)
    codec.qmin = codec.qmax = _JPEG_QUANTISER
    return b"".join(bytes(packet) for packet in (*codec.encode(picture), *codec.encode(None)))
