"""Opening files with PyAV: every way a file can be unusable becomes one clear line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from spotvmr.errors import UserError

_RAW = ("rawvideo", "v210", "r210", "v308", "v408", "v410", "yuv4")  # a black picture of these is zeros
_HEAD = 16  # bytes, the first of a compressed picture; the rest is read only if they are zeros


def open_container(path: Path) -> InputContainer:
    """Open a file for reading.

    Raises:
        UserError: The file is absent, a folder, empty, unreadable, truncated before its index, or no video.
    """
    if not path.exists():
        raise UserError(f"no such video: {path}; check the path and the dataset's video folder")
    if not path.is_file():
        raise UserError(f"not a video file but a folder: {path}; name one file")
    try:
        if path.stat().st_size == 0:
            raise UserError(f"empty video file (0 bytes): {path}; copy or download it again")
        return av.open(str(path), "r", metadata_errors="ignore")
    except (av.error.FFmpegError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "unknown format"
        raise UserError(f"cannot read {path} as a video ({reason}): not a video, or truncated; get it again") from error
    except OSError as error:
        raise UserError(f"cannot open {path}: {error.strerror}; check its permissions") from error


def video_stream(container: InputContainer, path: Path) -> VideoStream:
    """The moving-picture stream that FFmpeg prefers; cover art and one-frame tracks are passed over.

    Raises:
        UserError: The file holds no video stream, or FFmpeg has no decoder for it.
    """
    best = container.streams.best("video")
    for stream in sorted(container.streams.video, key=lambda stream: (stream.frames == 1, stream is not best)):
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise UserError(f"cannot decode {path}: no decoder for its video stream; convert it to H.264")
            return stream
    raise UserError(f"no video stream in {path}: it holds sound or data alone; name a video")


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """An open container and its video stream, closed at the end of the block."""
    with open_container(path) as container:
        yield container, video_stream(container, path)


def packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Whole packets with a time, from the present position to the end of the readable part.

    Packets of zero bytes alone are left out: a download that broke off in a file of full size ends in them.

    At the end of a file that was cut off FFmpeg raises ("partial file"), or hands out a torn packet first; that one
    is left out, for what becomes of it depends on the number of decoding threads.
    """
    for packet in _readable(container, stream):
        if packet.size and not packet.is_corrupt and ticks_of(packet) is not None and not _is_empty(packet, stream):
            yield packet


def _is_empty(packet: Packet[VideoStream], stream: VideoStream) -> bool:
    """Whether a packet holds zeros alone, which no compressed picture does."""
    if any(memoryview(packet)[:_HEAD]) or bytes(packet).count(0) < packet.size:
        return False
    return stream.codec_context.name not in _RAW


def _readable(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Packets up to the end or to the first that cannot be read."""
    while True:
        try:
            yield from container.demux(stream)
        except IndexError:
            # A stream that turns up in the middle of an MPEG transport stream is not in PyAV's list: read on behind
            # its packet.
            continue
        except av.error.FFmpegError:
            pass
        return


def shown_packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """Packets of displayed frames: without those that an edit list hides (they are decoded, but never shown)."""
    return (packet for packet in packets(container, stream) if not packet.is_discard)


def decoded(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Frames with a time, in order of display, from the present position; damaged packets are passed over."""
    for packet in packets(container, stream):
        yield from frames_of(stream, packet)
    yield from frames_of(stream, None)


def frames_of(stream: VideoStream, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
    """The frames that a packet completes (None drains the decoder); none when it is damaged."""
    try:
        return [frame for frame in stream.codec_context.decode(packet) if ticks_of(frame) is not None]
    except av.error.FFmpegError:
        return []


def ticks_of(item: VideoFrame | Packet[VideoStream]) -> int | None:
    """Presentation time in the stream's time base; the decoding time where a container (AVI) has no other."""
    return item.pts if item.pts is not None else item.dts
