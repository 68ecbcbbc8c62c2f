"""Writing H.264 files: closed groups of pictures, a key frame at a fixed spacing, never a half-written file."""

from __future__ import annotations

from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.system.files import whole_file

# One thread: the same frames give the same bytes, and callers run one process a core. Without cpu-independent, x264
# 165 with AVX-512 gave other bytes in about one process of six, after another film had been decoded in it.
_X264 = {
    "preset": "veryfast",
    "threads": "1",
    "bf": "0",
    "flags": "+cgop",
    "sc_threshold": "0",
    "x264-params": "cpu-independent=1",
}


class VideoWriter:
    """Encodes frames into an MP4 file; a context manager.

    The file appears under its name only when the block ends well; on an error nothing is left of it.

    Args:
        path: The file to write; its folder is made when absent.
        width: Pixels, even (yuv420p halves the colour planes).
        height: Pixels, even.
        fps: Frames a second.
        keyframe_s: Seconds between key frames.
        crf: Constant rate factor of x264; lower is better and larger.

    Raises:
        UserError: Odd or empty frame size, or a rate or spacing that is not positive; on entering and leaving
            the block, the disk is full or ``path`` cannot be written.
        ValueError: The block ends without a frame.
    """

    def __init__(self, path: Path, width: int, height: int, fps: int, keyframe_s: float = 1.0, crf: int = 26) -> None:
        if width < 2 or height < 2 or width % 2 or height % 2:
            raise UserError(f"cannot write {path}: {width}x{height} pixels, but H.264 needs an even width and height")
        if fps < 1 or keyframe_s <= 0:
            raise UserError(f"cannot write {path}: fps={fps} and keyframe_s={keyframe_s} must be above zero")
        self._path, self._shape = path, (height, width, 3)
        self._rate, self._gop, self._crf = Fraction(fps), max(1, round(keyframe_s * fps)), crf
        self._frames = 0
        self._stack = ExitStack()

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append one frame (H, W, 3), rgb.

        Raises:
            ValueError: The frame has another shape than the file.
        """
        if frame.shape != self._shape:
            raise ValueError(f"{self._path.name} takes frames of shape {self._shape}, got {frame.shape}")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
        self._container.mux(self._stream.encode(picture))
        self._frames += 1

    def __enter__(self) -> VideoWriter:
        """Open the temporary file and the encoder."""
        with ExitStack() as stack:
            part = stack.enter_context(whole_file(self._path))
            self._container = stack.enter_context(av.open(str(part), "w", format="mp4"))
            self._stream = self._open_stream(self._container)
            stack.push(self._drain)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish and name the file, or remove what was written when an error passes through."""
        self._stack.__exit__(kind, error, trace)

    def _open_stream(self, container: OutputContainer) -> VideoStream:
        """The H.264 stream of a new file."""
        options = {**_X264, "crf": str(self._crf), "keyint_min": str(self._gop)}
        stream = container.add_stream("libx264", rate=self._rate, options=options)
        stream.height, stream.width, stream.pix_fmt = *self._shape[:2], "yuv420p"
        stream.codec_context.gop_size = self._gop
        return stream

    def _drain(self, kind: type[BaseException] | None, *_: object) -> None:
        """Write the frames that the encoder still holds; none of them matters after an error."""
        if kind is not None:
            return
        if not self._frames:
            raise ValueError(f"{self._path.name} got no frame")
        self._container.mux(self._stream.encode(None))
