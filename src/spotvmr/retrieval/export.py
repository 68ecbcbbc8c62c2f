"""Moments as files: clips copied out of the video, and frames of moments."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from spotvmr.errors import UserError
from spotvmr.system.files import make_folder, whole_file
from spotvmr.types import Moment
from spotvmr.video import Frames, VideoInfo, open_reader, scan_packets
from spotvmr.video.container import opened, shown_packets, ticks_of
from spotvmr.video.frames import DISPLAY_SLACK_S, shown_at

log = logging.getLogger(__name__)

_MS = Fraction(1, 1000)
_MOST_WITHOUT_DTS = 64  # packets in a row; decoders reorder at most 16 frames


def cut_moments(info: VideoInfo, moments: Sequence[Moment], folder: Path, name: str) -> list[Path]:
    """Copy moments out of a video; encode them again only where their codec cannot be copied.

    A copy can only begin at a key frame: each clip starts at the one before its moment, and ends with it.

    Args:
        info: The video.
        moments: What to copy.
        folder: Made when absent.
        name: Start of the files' names: ``NAME-01-at-00m38s.mkv``.

    Returns:
        The files, in the order of the moments: Matroska, H.264 without sound where they were encoded again.

    Raises:
        UserError: The folder cannot be written, or a moment can be neither copied nor encoded.
    """
    make_folder(folder)
    paths = []
    for number, moment in enumerate(moments, start=1):
        minutes, seconds = divmod(int(moment.start_s), 60)
        path = folder / f"{name}-{number:02d}-at-{minutes:02d}m{seconds:02d}s.mkv"
        with whole_file(path) as part:
            _cut(info, moment, part)
        paths.append(path)
    return paths


def _cut(info: VideoInfo, moment: Moment, path: Path) -> None:
    """Copy a moment, or encode it where Matroska cannot hold its codec or its packets have no times."""
    try:
        if _copy(info, moment, path):
            return
    except (FFmpegError, ValueError) as error:
        log.debug("%s: %s", info.path, error)
    log.info("%s: %s cannot be copied into Matroska; its moments are encoded as H.264", info.path, info.codec)
    try:
        _encode(info, moment, path)
    except (FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and error.errno and error.strerror:
            raise  # the disk is at fault
        raise UserError(f"{info.path}: a moment can be neither copied nor encoded ({error})") from error


def _copy(info: VideoInfo, moment: Moment, path: Path) -> bool:
    """Copy the packets of pictures and sound from the key frame before a moment to its end; times begin at zero.

    Returns:
        Whether the copy holds the moment: False for packets that have no presentation times.
    """
    with opened(info.path) as (source, pictures), av.open(str(path), "w", format="matroska") as target:
        copies = {stream.index: copy for stream in _streams(source, pictures) if (copy := _add(target, stream))}
        tick_s = float(pictures.time_base or 1)
        first = _seek_key_frame(source, pictures, int((moment.start_s + info.origin_s + DISPLAY_SLACK_S) / tick_s))
        first_s, end_s, copied, running = first * tick_s, moment.end_s + info.origin_s, False, set(copies)
        for packet in _with_decoding_times(source, [s for s in _streams(source, pictures) if s.index in copies]):
            if not running:
                break
            if packet.pts is None:
                if packet.stream is pictures:
                    return False
                continue
            own_tick_s = float(packet.time_base or 1)
            # Pictures before the key frame are of no use, nor is their sound.
            starts = packet.stream is pictures and packet.is_keyframe and packet.pts >= first
            if (packet.dts or 0) * own_tick_s > end_s:
                running.discard(packet.stream.index)
            elif (copied := copied or starts) and packet.pts * own_tick_s >= first_s - DISPLAY_SLACK_S:
                _mux(target, packet, copies[packet.stream.index], round(first_s / own_tick_s))
    return copied


def _streams(source: InputContainer, pictures: VideoStream) -> list[Stream]:
    """The pictures and the first sound."""
    return [pictures, *source.streams.audio[:1]]


def _add(target: OutputContainer, stream: Stream) -> Stream | None:
    """A stream for copied packets; None for sound that Matroska cannot hold.

    Raises:
        ValueError: Matroska cannot hold these pictures.
    """
    try:
        return target.add_stream_from_template(stream, opaque=True)
    except ValueError:
        if stream.type == "video":
            raise
        return None


def _with_decoding_times(source: InputContainer, streams: Sequence[Stream]) -> Iterator[Packet[Any]]:
    """Packets of streams; those that a seek left without decoding time get one just before that of the next."""
    waiting: dict[int, list[Packet[Any]]] = {stream.index: [] for stream in streams}
    for packet in source.demux(*streams):
        if not packet.size:
            continue
        held = waiting[packet.stream.index]
        held.append(packet)
        if packet.dts is not None or len(held) > _MOST_WITHOUT_DTS:
            known = packet.dts if packet.dts is not None else packet.pts or 0
            for place, one in enumerate(held):
                one.dts = known - (len(held) - 1 - place) if one.dts is None else one.dts
            yield from held
            held.clear()
    for held in waiting.values():
        for one in held:
            one.dts = one.pts
        yield from held


def _encode(info: VideoInfo, moment: Moment, path: Path) -> None:
    """Encode the frames of a moment as H.264, at their own times."""
    times_s = scan_packets(info.path, info).times_s
    first, last = shown_at(np.asarray([moment.start_s, moment.end_s]), times_s)
    wanted_s = times_s[first : last + 1]
    size = max(2, info.height - info.height % 2), max(2, info.width - info.width % 2)
    reader = open_reader(info.path, size=size, info=info)
    with av.open(str(path), "w", format="matroska") as target:
        stream = target.add_stream("libx264", rate=round(info.fps) or 1, options={"preset": "veryfast"})
        stream.height, stream.width, stream.pix_fmt = *size, "yuv420p"
        stream.time_base = stream.codec_context.time_base = _MS
        for time_s in wanted_s:
            frame = av.VideoFrame.from_ndarray(reader.read([float(time_s)]).pixels[0], format="rgb24")
            frame.pts, frame.time_base = round(1000 * float(time_s - wanted_s[0])), _MS
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))


def _seek_key_frame(source: InputContainer, pictures: VideoStream, ticks: int) -> int:
    """Stand at or before the key frame by a time and give its time; formats without a table land on any frame."""
    back_s = 0.0
    while True:
        position = ticks - int(back_s / float(pictures.time_base or 1))
        source.seek(position, stream=pictures)
        found = None
        for packet in shown_packets(source, pictures):
            if (ticks_of(packet) or 0) > ticks:
                break
            found = ticks_of(packet) if packet.is_keyframe else found
        source.seek(position, stream=pictures)
        if found is not None or position <= 0:
            return found or 0
        back_s = max(2.0, back_s * 2)


def _mux(target: OutputContainer, packet: Packet[Any], stream: Any, shift: int) -> None:
    """Write a packet, moved back by ``shift`` ticks."""
    packet.pts, packet.dts, packet.stream = (packet.pts or 0) - shift, (packet.dts or 0) - shift, stream
    target.mux(packet)


def moment_times(moment: Moment, frames: int) -> list[float]:
    """Uniform times in a moment: the middles of equal parts."""
    return [moment.start_s + (part + 0.5) / frames * moment.length_s for part in range(frames)]


def thumbnails(info: VideoInfo, moments: Sequence[Moment], frames: int, height: int = 180) -> list[Frames]:
    """Small frames at uniform times of each moment.

    Args:
        info: The video.
        moments: The moments.
        frames: Frames a moment.
        height: Pixels; the width keeps the aspect ratio.
    """
    reader = open_reader(info.path, size=info.size_within(height), info=info)
    return [reader.read(moment_times(moment, frames)) for moment in moments]
