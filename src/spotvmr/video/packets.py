"""What demuxing alone tells of a video: sizes, times and key frames of its packets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spotvmr.video.container import opened, packets, ticks_of
from spotvmr.video.info import VideoInfo, probe


@dataclass(frozen=True, slots=True)
class PacketScan:
    """One entry a displayed frame, in order of display.

    Attributes:
        times_s: (N,) float64, presentation times in seconds on the clock of ``VideoInfo``.
        sizes_bytes: (N,) int64, coded sizes.
        keyframe: (N,) bool, True where decoding can start.
        hidden: Whether an edit list hides packets; those have no entry.
        open_groups: Whether frames that are coded after a key frame are shown before it.
    """

    times_s: NDArray[np.float64]
    sizes_bytes: NDArray[np.int64]
    keyframe: NDArray[np.bool_]
    hidden: bool
    open_groups: bool


def scan_packets(path: Path, info: VideoInfo | None = None) -> PacketScan:
    """Scan all packets without decoding them.

    Packets hidden by an edit list (the pre-roll of a stream-copied cut) are left out.

    Args:
        path: The video.
        info: Facts of the video, where they are known already.

    Raises:
        UserError: As `probe`.
    """
    info = info or probe(path)
    with opened(info.path) as (container, stream):
        tick_s = float(stream.time_base or 1)
        found = [(ticks_of(p) or 0, p.size, p.is_keyframe, p.is_discard) for p in packets(container, stream)]
    shown = [packet for packet in found if not packet[3]]
    ticks = np.asarray([packet[0] for packet in shown], np.int64)
    keys = np.asarray([packet[2] for packet in shown], np.bool_)
    order = np.argsort(ticks, kind="stable")
    return PacketScan(
        times_s=ticks[order].astype(np.float64) * tick_s - info.origin_s,
        sizes_bytes=np.asarray([packet[1] for packet in shown], np.int64)[order],
        keyframe=keys[order],
        hidden=len(shown) < len(found),
        open_groups=_has_open_groups(ticks, keys),
    )


def _has_open_groups(ticks: NDArray[np.int64], keys: NDArray[np.bool_]) -> bool:
    """Whether a frame coded after a key frame has an earlier time than it; both arguments in coding order."""
    earliest_from_here = np.minimum.accumulate(ticks[::-1])[::-1]
    return bool(np.any(earliest_from_here[keys] < ticks[keys]))
