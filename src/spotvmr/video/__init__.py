"""Reading and writing video: seconds in, frames with their true times out."""

from __future__ import annotations

from spotvmr.video.frames import Frames, clip_times
from spotvmr.video.info import VideoInfo, probe
from spotvmr.video.packets import PacketScan, scan_packets
from spotvmr.video.pixels import encode_jpeg
from spotvmr.video.reader import BACKENDS, Reader, installed_backends, open_reader
from spotvmr.video.stream import iter_keyframes, stream_clips
from spotvmr.video.writer import VideoWriter

__all__ = [
    "BACKENDS",
    "Frames",
    "PacketScan",
    "Reader",
    "VideoInfo",
    "VideoWriter",
    "clip_times",
    "encode_jpeg",
    "installed_backends",
    "iter_keyframes",
    "open_reader",
    "probe",
    "scan_packets",
    "stream_clips",
]
