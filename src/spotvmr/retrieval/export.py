"""Moments as files: clips copied out of the video, and frames to look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from spotvmr.system.files import make_folder, whole_file
from spotvmr.types import Moment
from spotvmr.video import Frames, VideoInfo, open_reader
from spotvmr.video.container import opened, shown_packets, ticks_of
from spotvmr.video.frames import DISPLAY_SLACK_S


def cut_moments(info: VideoInfo, moments: Sequence[Moment], folder: Path, name: str) -> list[Path]:
    """Copy moments out of a video without encoding again.

    A copy can only begin at a key frame: each clip starts at the one before its moment, and ends with it.

    Args:
        info: The video.
        moments: What to copy.
        folder: Made when absent.
        name: Start of the files' names: ``NAME-01-at-00m38s.mkv``.

    Returns:
        The files, in the order of the moments. Matroska takes the streams of any video.

    Raises:
        UserError: The folder cannot be written.
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
    """Copy the packets of pictures and sound from the key frame before a moment to its end; times begin at zero."""
    with opened(info.path) as (source, pictures), av.open(str(path), "w", format="matroska") as target:
        streams = [pictures, *source.streams.audio[:1]]
        copies = {stream.index: target.add_stream_from_template(stream) for stream in streams}
        tick_s = float(pictures.time_base or 1)
        first = _seek_key_frame(source, pictures, int((moment.start_s + info.origin_s + DISPLAY_SLACK_S) / tick_s))
        first_s, end_s, started, running = first * tick_s, moment.end_s + info.origin_s, False, set(copies)
        for packet in source.demux(*streams):
            if not running:
                break
            if packet.dts is None or packet.pts is None:
                continue
            own_tick_s = float(packet.time_base or 1)
            # Pictures before the key frame are of no use, nor is their sound.
            started = started or (packet.stream is pictures and packet.is_keyframe and packet.pts >= first)
            if packet.dts * own_tick_s > end_s:
                running.discard(packet.stream.index)
            elif started and packet.pts * own_tick_s >= first_s - DISPLAY_SLACK_S:
                _mux(target, packet, copies[packet.stream.index], round(first_s / own_tick_s))


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
