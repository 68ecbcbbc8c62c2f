"""Reading and writing video: seconds in, frames with their true times out."""

from __future__ import annotations

from spotvmr.video.frames import Frames, clip_times
from spotvmr.video.info import VideoInfo, probe
from spotvmr.video.jpeg import encode_jpeg
from spotvmr.video.packets import PacketScan, iter_keyframes, read_keyframes, scan_packets
from spotvmr.video.pyav_reader import PyavReader
from spotvmr.video.reader import Reader, open_reader
from spotvmr.video.stream import stream_clips
from spotvmr.video.writer import VideoWriter

__all__ = [
    "Frames",
    "PacketScan",
    "PyavReader",
    "Reader",
    "VideoInfo",
    "VideoWriter",
    "clip_times",
    "encode_jpeg",
    "iter_keyframes",
    "open_reader",
    "probe",
    "read_keyframes",
    "scan_packets",
    "stream_clips",
]
