"""Pictures as JPEG files."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

_QUANTISER = 10  # 1 is best, 31 smallest; a frame of 90 pixels' height has 2 to 3 kB


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
    codec.qmin = codec.qmax = _QUANTISER
    return b"".join(bytes(packet) for packet in (*codec.encode(picture), *codec.encode(None)))
