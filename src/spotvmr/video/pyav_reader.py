"""Frames at any times through PyAV, which reads every container and codec FFmpeg knows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from spotvmr.video.container import frames_of, opened, shown_packets, ticks_of
from spotvmr.video.cursor import Cursor
from spotvmr.video.frames import DISPLAY_SLACK_S, Frames
from spotvmr.video.info import VideoInfo, probe
from spotvmr.video.per_process import PerProcess
from spotvmr.video.pixels import RgbConverter


class PyavReader:
    """Reads the frames on display at given times; every group of pictures is decoded once a call.

    The file is opened at the first read, and again in a forked or spawned worker.

    Args:
        path: The video.
        size: (height, width) of the frames; None keeps the video's own.
        info: Facts of the video, where they are known already.
        threads: Decoding threads; 0 uses every core.

    Raises:
        UserError: As `probe`.
    """

    backend = "pyav"

    def __init__(
        self, path: Path, size: tuple[int, int] | None = None, info: VideoInfo | None = None, threads: int = 1
    ) -> None:
        """Probe the file."""
        self.info: VideoInfo = info or probe(path)
        self._size = size or (self.info.height, self.info.width)
        self._cursor = PerProcess(partial(Cursor, self.info, threads))

    @property
    def decoded(self) -> int:
        """Frames that this process has decoded so far in ``read``, those before the wanted ones included."""
        return self._cursor.get().decoded

    def read(self, times_s: Sequence[float]) -> Frames:
        """The frame on display at each time; see ``Reader.read``."""
        wanted_s = np.asarray(times_s, dtype=np.float64)
        pixels: NDArray[np.uint8] = np.empty((len(wanted_s), *self._size, 3), np.uint8)
        found_s = np.empty(len(wanted_s), np.float64)
        cursor, to_rgb, before = self._cursor.get(), RgbConverter(self.info.rotation, self._size), None
        for place in np.argsort(wanted_s, kind="stable"):
            frame = cursor.at(float(wanted_s[place]))
            if frame is not before:
                rgb, before = to_rgb(frame), frame
            pixels[place], found_s[place] = rgb, cursor.time_s(frame)
        return Frames(pixels, found_s)

    def key_frames(self, after_s: float | None = None) -> Iterator[Frames]:
        """Each displayed key frame in turn; all other packets are skipped undecoded. See ``Reader.key_frames``."""
        info, to_rgb = self.info, RgbConverter(self.info.rotation, self._size)
        with opened(info.path) as (container, stream):
            stream.codec_context.thread_count = 1  # other threads cannot help a decoder that is drained at each frame
            tick_s = float(stream.time_base or 1)
            first = -math.inf
            if after_s is not None:
                first = (after_s + DISPLAY_SLACK_S + info.origin_s) / tick_s
                with suppress(FFmpegError):  # a container that cannot seek is read from its start
                    container.seek(int(first), stream=stream)
            for packet in shown_packets(container, stream):
                if packet.is_keyframe and (ticks_of(packet) or 0) > first:
                    for frame in _decode_alone(stream, packet):
                        time_s = (ticks_of(frame) or 0) * tick_s - info.origin_s
                        yield Frames(to_rgb(frame)[None], np.asarray([time_s]))


def _decode_alone(stream: VideoStream, packet: Packet[VideoStream]) -> list[VideoFrame]:
    """The frame of one key packet.

    Drained and reset each time: fed in a row, key frames of open groups of pictures come out of order, and
    skip_frame=NONKEY alone is ignored by the VP9 decoder.
    """
    frames = frames_of(stream, packet) + frames_of(stream, None)
    stream.codec_context.flush_buffers()
    return frames
