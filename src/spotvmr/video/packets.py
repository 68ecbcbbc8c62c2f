"""What can be learnt about a video almost for free: packet sizes by demuxing alone, and its key frames."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from spotvmr.video.container import frames_of, opened, shown_packets, ticks_of
from spotvmr.video.frames import DISPLAY_SLACK_S, Frames
from spotvmr.video.info import probe
from spotvmr.video.pixels import RgbConverter


@dataclass(frozen=True, slots=True)
class PacketScan:
    """One entry a displayed frame, in order of display.

    Attributes:
        times_s: (N,) float64, presentation times in seconds; the first displayed frame has 0.0.
        sizes_bytes: (N,) int64, coded sizes.
        keyframe: (N,) bool, True where decoding can start.
    """

    times_s: NDArray[np.float64]
    sizes_bytes: NDArray[np.int64]
    keyframe: NDArray[np.bool_]


def scan_packets(path: Path) -> PacketScan:
    """Sizes, times and key frames of all packets, without decoding (but for the first frame, which sets 0.0 s).

    Packets hidden by an edit list (the pre-roll of a stream-copied cut) are left out.

    Raises:
        UserError: As `probe`.
    """
    info = probe(path)
    ticks: list[int] = []
    sizes: list[int] = []
    keys: list[bool] = []
    with opened(info.path) as (container, stream):
        tick_s = float(stream.time_base or 1)
        for packet in shown_packets(container, stream):
            ticks.append(ticks_of(packet) or 0)
            sizes.append(packet.size)
            keys.append(packet.is_keyframe)
    order = np.argsort(np.asarray(ticks), kind="stable")
    times_s = np.asarray(ticks, np.float64)[order] * tick_s - info.origin_s
    return PacketScan(times_s, np.asarray(sizes, np.int64)[order], np.asarray(keys, np.bool_)[order])


def iter_keyframes(path: Path, size: tuple[int, int] | None = None, after_s: float | None = None) -> Iterator[Frames]:
    """Each displayed key frame in turn, as `Frames` of one; all other packets are skipped undecoded.

    Args:
        path: The video.
        size: (height, width) of the frames; None keeps the video's own.
        after_s: Only those shown later than this time, in seconds; what lies before is not even read.

    Raises:
        UserError: As `probe`.
    """
    info = probe(path)
    to_rgb = RgbConverter(info.rotation, size or (info.height, info.width))
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
                yield from (_one(frame, to_rgb, tick_s, info.origin_s) for frame in _decode_alone(stream, packet))


def _decode_alone(stream: VideoStream, packet: Packet[VideoStream]) -> list[VideoFrame]:
    """The frame of one key packet.

    Drained and reset each time: fed in a row, key frames of open groups of pictures come out of order, and
    skip_frame=NONKEY alone is ignored by the VP9 decoder.
    """
    frames = frames_of(stream, packet) + frames_of(stream, None)
    stream.codec_context.flush_buffers()
    return frames


def _one(frame: VideoFrame, to_rgb: RgbConverter, tick_s: float, origin_s: float) -> Frames:
    """A single frame as `Frames`."""
    return Frames(to_rgb(frame)[None], np.asarray([(ticks_of(frame) or 0) * tick_s - origin_s]))


def read_keyframes(path: Path, size: tuple[int, int] | None = None) -> Frames:
    """All displayed key frames at once; for very long videos use `iter_keyframes`, which holds one at a time.

    A stream-copied cut that starts between key frames has none before its first whole group of pictures.

    Raises:
        UserError: As `probe`.
    """
    found = list(iter_keyframes(path, size))
    if not found:
        info = probe(path)
        height, width = size or (info.height, info.width)
        return Frames(np.empty((0, height, width, 3), np.uint8), np.empty(0))
    return Frames(np.concatenate([one.pixels for one in found]), np.concatenate([one.times_s for one in found]))
