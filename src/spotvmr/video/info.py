"""What a video file is: its true length, shown size, rate and codec."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from spotvmr.errors import UserError
from spotvmr.video.container import decoded, opened, shown_packets, ticks_of
from spotvmr.video.pixels import frame_rotation

# Used when a file states no rate at all and holds a single frame: its length has to be something above zero.
_FALLBACK_FPS = 25.0
_MICROSECONDS = 1_000_000
# What a damaged or malicious header may not make us allocate or walk through: 8K pictures, two days, and hours of
# video in a few bytes (the emptiest real streams, one still picture every few seconds, take some hundred a second).
_MOST_PIXELS = 8192 * 4352
_LONGEST_S = 48 * 3600.0
_FEWEST_BYTES_A_S = 10.0
_ANY_BYTES_S = 600.0


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A video's facts, measured on the stream and not taken from its header where the header can lie.

    Times of this package are relative to the first displayed frame: it is at 0.0 s, whatever
    presentation time the container gives it.

    Attributes:
        path: The file.
        duration_s: From the first displayed frame to the end of the last readable one, in seconds.
        width: Pixels as displayed, after rotation; non-square pixels are not stretched.
        height: Pixels as displayed, after rotation.
        fps: Average frames a second.
        codec: FFmpeg's name of the codec, such as "h264".
        rotation: Counter-clockwise degrees that bring the coded picture upright: 0, 90, 180 or 270.
        origin_s: The container's own presentation time of the first displayed frame, in seconds.
        stated_s: Length in seconds that the header states of this stream, 0.0 where it states none; a file that was cut
            off states more than ``duration_s``.
        late_s: Seconds from the start of the container, which a player shows as 0, to the first displayed frame.
    """

    path: Path
    duration_s: float
    width: int
    height: int
    fps: float
    codec: str
    rotation: int
    origin_s: float = 0.0
    stated_s: float = 0.0
    late_s: float = 0.0

    def size_within(self, height: int) -> tuple[int, int]:
        """Height and width in pixels of the video's pictures when they are at most so high; never larger than it."""
        height = min(height, self.height)
        return height, max(1, round(self.width * height / self.height))


def probe(path: Path) -> VideoInfo:
    """Find out what a video is, by decoding its first frame and reading its last packets.

    Raises:
        UserError: The file is absent, a folder, empty, no video, without a video stream,
            truncated so early that no frame can be decoded, or beyond 8K, 48 h, or what its bytes can hold.
    """
    path = Path(path)
    with opened(path) as (container, stream):
        _check_size(path, stream.codec_context.width, stream.codec_context.height)
        first = next(decoded(container, stream), None)
        if first is None and _has_no_times(path):
            raise UserError(
                f"{path} is a bare {stream.codec_context.name} stream without times: put it into a container with "
                f"'ffmpeg -i {path.name} -c copy {path.stem}.mp4', adding '-r FPS' before '-i' if its rate is another"
            )
        if first is None or stream.time_base is None:
            raise UserError(f"no readable frame in {path}: empty or truncated; get the file again")
        _check_size(path, first.width, first.height)
        rotation = frame_rotation(first)
        fps = _fps(stream)
        origin_s = (ticks_of(first) or 0) * float(stream.time_base)
        width, height = (first.width, first.height) if rotation % 180 == 0 else (first.height, first.width)
        end_s = _end_s(container, stream, fps)
        codec = stream.codec_context.name
        stated_s = _stated_s(container, stream)
        late_s = origin_s - (container.start_time or 0) / _MICROSECONDS if container.start_time is not None else 0.0
    duration_s = end_s - origin_s if end_s > origin_s else 1 / fps
    _check_length(path, duration_s)
    return VideoInfo(path, duration_s, width, height, fps, codec, rotation, origin_s, stated_s, max(0.0, late_s))


def _check_size(path: Path, width: int, height: int) -> None:
    """Refuse pictures that no camera makes, before one is decoded or converted."""
    if width * height > _MOST_PIXELS:
        raise UserError(f"{path} has pictures of {width}x{height}, at most 8192x4352 are read: scale it down")


def _check_length(path: Path, duration_s: float) -> None:
    """Refuse times that cannot be true."""
    allowed_s = min(_LONGEST_S, max(_ANY_BYTES_S, path.stat().st_size / _FEWEST_BYTES_A_S))
    if duration_s > allowed_s:
        raise UserError(
            f"{path} says that it lasts {duration_s / 3600:.1f} h, at most {allowed_s / 3600:.1f} h are believed of a "
            "file of its size: its times are damaged, or cut it into pieces"
        )


def _has_no_times(path: Path) -> bool:
    """Whether the packets of the video stream have neither presentation nor decoding times."""
    with opened(path) as (container, stream), suppress(FFmpegError):
        packet = next((packet for packet in container.demux(stream) if packet.size), None)
        return packet is not None and ticks_of(packet) is None
    return False


def _stated_s(container: InputContainer, stream: VideoStream) -> float:
    """Length of the stream by the header; the container's counts only without sound, which may be longer."""
    with suppress(ValueError):
        # Matroska, by FFmpeg and mkvmerge; FFmpeg's own length of such a stream is that of the container.
        hours, minutes, seconds = stream.metadata.get("DURATION", "").split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return (container.duration or 0) / _MICROSECONDS if len(container.streams) == 1 else 0.0


def _fps(stream: VideoStream) -> float:
    """Average rate as the container or codec states it."""
    return float(stream.average_rate or stream.guessed_rate or _FALLBACK_FPS)


def _end_s(container: InputContainer, stream: VideoStream, fps: float) -> float:
    """End of the last readable packet on the container's clock, in seconds.

    Headers over-report (a truncated file still states its old length), so the end is looked for:
    seek to the stated end, then ever farther back until packets are found.
    """
    stated = (container.duration or 0) / _MICROSECONDS + max(0, container.start_time or 0) / _MICROSECONDS
    back_s = 0.0
    while back_s < stated:
        ends = _ends_after(container, stream, stated - back_s, fps)
        if ends is not None:
            return ends
        back_s = max(1.0, back_s * 2)
    return _ends_after(container, stream, 0.0, fps) or 0.0


def _ends_after(container: InputContainer, stream: VideoStream, start_s: float, fps: float) -> float | None:
    """Latest end, in seconds, of the packets from the key frame before `start_s` on; None without any."""
    tick_s = float(stream.time_base or 1)
    with suppress(FFmpegError, OverflowError):  # where seeking fails, all that follows is read
        container.seek(int(start_s / tick_s), stream=stream)
    ends_s = (
        (ticks_of(packet) or 0) * tick_s + (packet.duration * tick_s if packet.duration else 1 / fps)
        for packet in shown_packets(container, stream)
    )
    return max(ends_s, default=None)
