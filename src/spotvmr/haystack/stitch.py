"""The pixels of a long video, one frame at a time, however long it is."""

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
    """A clip to be shown.

    Attributes:
        path: Of the clip.
        frames: How many frames of it, from its beginning.
        fade: How many of them are blended with the last ones of the part before.
    """

    path: Path
    frames: int
    fade: int


@dataclass(frozen=True, slots=True)
class FrameFormat:
    """Size and rate of a video: pixels, and frames a second."""

    width: int
    height: int
    fps: int


def write_video(path: Path, parts: Sequence[StitchedClip], frame_format: FrameFormat) -> None:
    """Write the parts one behind the other; the file is there when it is whole.

    Raises:
        UserError: A clip is gone or no longer readable; the disk is full.
    """
    with VideoWriter(path, frame_format.width, frame_format.height, frame_format.fps, _KEYFRAME_S, _CRF) as writer:
        for frame in stitched(parts, frame_format):
            writer.write(frame)


def stitched(parts: Sequence[StitchedClip], frame_format: FrameFormat) -> Iterator[Frame]:
    """The frames (H, W, 3) of the video, with cross-fades; memory holds one cross-fade."""
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
    """Frames of a clip at the video's size and rate, upright, with bars where the aspects differ.

    Each is what the clip shows in the middle of its time; a clip that breaks off stands still on its last frame.
    """
    info = probe(part.path)
    grid = ClipGrid(part.frames / frame_format.fps, 1 / frame_format.fps)
    for _, frames in stream_clips(part.path, grid, 1, fitted(info.width, info.height, frame_format), threads=1):
        yield boxed(frames.pixels[0], frame_format)


def fitted(width: int, height: int, frame_format: FrameFormat) -> tuple[int, int]:
    """Height and width of a picture scaled into the video, in pixels.

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
    """A picture in the middle of a black one of the video's size."""
    height, width = frame.shape[:2]
    if (height, width) == (frame_format.height, frame_format.width):
        return frame
    whole = np.zeros((frame_format.height, frame_format.width, 3), np.uint8)
    top, left = (frame_format.height - height) // 2, (frame_format.width - width) // 2
    whole[top : top + height, left : left + width] = frame
    return whole


def blend(old: Frame, new: Frame, share: float) -> Frame:
    """The mean of two frames, weighted with the share of the new one in [0, 1]."""
    mixed = old.astype(np.float32) * (1 - share) + new.astype(np.float32) * share
    return np.rint(mixed).astype(np.uint8)
