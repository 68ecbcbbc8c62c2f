"""The pixels of a long video, one frame at a time, so that memory does not grow with its length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spotvmr.types.grid import ClipGrid
from spotvmr.video.info import probe
from spotvmr.video.stream import stream_clips
from spotvmr.video.writer import VideoWriter

_CRF = 23  # x264's own default: the clips have been compressed once already
_KEYFRAME_S = 1.0

Frame = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class StitchedClip:
    """A clip of a stitched video.

    Attributes:
        path: File of the clip.
        frames: Number of frames, from the start of the clip.
        fade: Number of frames blended with the end of the previous clip.
    """

    path: Path
    frames: int
    fade: int


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """Width and height of a video in pixels, and frames a second."""

    width: int
    height: int
    fps: int


def write_video(path: Path, parts: Sequence[StitchedClip], frame_format: FrameFormat) -> None:
    """Write the clips one after the other; the file is written atomically.

    Raises:
        UserError: A clip is absent or no longer readable, or the disk is full.
    """
    with VideoWriter(path, frame_format.width, frame_format.height, frame_format.fps, _KEYFRAME_S, _CRF) as writer:
        for frame in stitched(parts, frame_format):
            writer.write(frame)


def stitched(parts: Sequence[StitchedClip], frame_format: FrameFormat) -> Iterator[Frame]:
    """The frames (H, W, 3) of the video, with cross-fades. Memory holds the frames of one cross-fade."""
    tail: list[Frame] = []
    fades = [part.fade for part in parts[1:]] + [0]
    for part, next_fade in zip(parts, fades, strict=True):
        held = []
        for number, frame in enumerate(clip_frames(part, frame_format)):
            shown = blend(tail[number], frame, (number + 1) / (part.fade + 1)) if number < part.fade else frame
            if number < part.frames - next_fade:
                yield shown
            else:
                held.append(shown)
        tail = held


def clip_frames(part: StitchedClip, frame_format: FrameFormat) -> Iterator[Frame]:
    """Frames of a clip in the size and rate of the video, upright, with bars when the aspect ratios differ.

    Each frame is the frame of the clip at the middle of its time. A truncated clip repeats its last frame.
    """
    info = probe(part.path)
    grid = ClipGrid(part.frames / frame_format.fps, 1 / frame_format.fps)
    for _, frames in stream_clips(part.path, grid, 1, fitted(info.width, info.height, frame_format), threads=1):
        yield boxed(frames.pixels[0], frame_format)


def fitted(width: int, height: int, frame_format: FrameFormat) -> tuple[int, int]:
    """Height and width of a picture scaled to fit into the video, in pixels.

    Example:
        >>> fitted(640, 480, FrameFormat(400, 224, 10))
        (224, 299)
    """
    scale = min(frame_format.width / width, frame_format.height / height)
    return (
        min(frame_format.height, max(1, round(height * scale))),
        min(frame_format.width, max(1, round(width * scale))),
    )


def boxed(frame: Frame, frame_format: FrameFormat) -> Frame:
    """Centre a picture on a black frame of the size of the video."""
    height, width = frame.shape[:2]
    if (height, width) == (frame_format.height, frame_format.width):
        return frame
    whole = np.zeros((frame_format.height, frame_format.width, 3), np.uint8)
    top, left = (frame_format.height - height) // 2, (frame_format.width - width) // 2
    whole[top : top + height, left : left + width] = frame
    return whole


def blend(old: Frame, new: Frame, weight: float) -> Frame:
    """Weighted mean of two frames; ``weight`` in [0, 1] is that of the new one."""
    mixed = old.astype(np.float32) * (1 - weight) + new.astype(np.float32) * weight
    return np.rint(mixed).astype(np.uint8)
