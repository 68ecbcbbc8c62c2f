"""Anti-aliased sprites of objects and hands, which are blended into frames."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spotvmr.worlds.drawing.shapes import SHAPE_FUNCTIONS, capsule, disc
from spotvmr.worlds.layout import RADIUS
from spotvmr.worlds.motion import Array

ANGLE_STEPS = 64
"""Angles are rounded to this many steps in a full turn."""
SCALE_STEP = 0.04
_FINE = 3  # samples in a pixel, along each axis
_EXTENT = 1.14  # farthest corner of any shape, in radii: the hammer's
_LINE = 0.09  # thickness of an object's outline, in radii

HAND_ANCHOR = (48, 22)
"""Anchor of a hand in its sprite, in units; the width on both sides leaves space for tilted hands."""
POSES = 4


@dataclass(frozen=True)
class Patch:
    """A sprite with transparency, prepared for 8-bit blending.

    Attributes:
        keep: Weight of the background, 0 to 256 (h, w, 1) uint16.
        paint: Colour times coverage, 0 to 65280 (h, w, 3) uint16.
        anchor_x: Column that is drawn at the given position.
        anchor_y: Row that is drawn at the given position.
    """

    keep: NDArray[np.uint16]
    paint: NDArray[np.uint16]
    anchor_x: int
    anchor_y: int


def lay(frame: NDArray[np.uint8], patch: Patch, x: float, y: float) -> None:
    """Blend a patch into a frame (H, W, 3) in place; parts outside the frame are cut off.

    Args:
        frame: The picture to change.
        patch: The sprite.
        x: Column of the anchor.
        y: Row of the anchor.
    """
    height, width = patch.keep.shape[:2]
    left, top = round(x) - patch.anchor_x, round(y) - patch.anchor_y
    x0, x1 = max(left, 0), min(left + width, frame.shape[1])
    y0, y1 = max(top, 0), min(top + height, frame.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = np.s_[y0 - top : y1 - top, x0 - left : x1 - left]
    frame[y0:y1, x0:x1] = (frame[y0:y1, x0:x1] * patch.keep[part] + patch.paint[part]) >> 8


def tint(tones: Array, colours: Array, anchor_x: int, anchor_y: int) -> Patch:
    """Colour the tones of a sprite.

    Args:
        tones: Share of each pixel covered by each tone (h, w, n).
        colours: Of the tones (n, 3), 0 to 255.
        anchor_x: Column of the anchor.
        anchor_y: Row of the anchor.

    Returns:
        The patch, without the empty borders of the sprite.
    """
    tones, left, top = _trim(tones)
    keep = np.rint(256 * (1 - tones.sum(axis=2, keepdims=True))).astype(np.uint16)
    # Rounding up both parts must not exceed 255: paint gets at most the weight that keep leaves
    paint = np.minimum(256 * (tones @ np.clip(colours, 0, 255)), 255.0 * (256 - keep.astype(float)))
    return Patch(keep, np.maximum(paint, 0).astype(np.uint16), anchor_x - left, anchor_y - top)


def _trim(tones: Array) -> tuple[Array, int, int]:
    """Cut transparent borders off; return the sprite and the numbers of columns cut at the left and rows at the top."""
    cover = tones.sum(axis=2)
    rows, columns = np.flatnonzero(cover.any(axis=1)), np.flatnonzero(cover.any(axis=0))
    if not len(rows):
        return tones[:0, :0], 0, 0
    return tones[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], int(columns[0]), int(rows[0])


def _average(samples: NDArray[np.bool_]) -> Array:
    """Means over the fine samples of each pixel."""
    height, width = samples.shape[0] // _FINE, samples.shape[1] // _FINE
    return np.asarray(samples.reshape(height, _FINE, width, _FINE).mean(axis=(1, 3)))


@lru_cache(maxsize=256)
def object_tones(shape: int, angle: int, size: int, pixel: float) -> Array:
    """Coverage of body, mark and outline of an object.

    Args:
        shape: Class of the shape.
        angle: In steps of ``1 / ANGLE_STEPS`` turn.
        size: In steps of ``SCALE_STEP``.
        pixel: Pixels in one unit.

    Returns:
        Shares (n, n, 3) with odd n; the centre of the object is the centre of the middle pixel.
    """
    radius = RADIUS * size * SCALE_STEP * pixel
    half = int(np.ceil(radius * _EXTENT))
    axis = (np.arange((2 * half + 1) * _FINE) + 0.5) / _FINE - half - 0.5
    x, y = np.meshgrid(axis / radius, axis / radius)
    turn = 2 * np.pi * angle / ANGLE_STEPS
    body, mark = SHAPE_FUNCTIONS[shape](np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x)
    line = (body < 0) & (body > -_LINE)
    marked = (body <= -_LINE) & (mark < 0)
    return np.stack([_average((body <= -_LINE) & ~marked), _average(marked), _average(line)], axis=2)


# Finger tips of each pose, in units from the anchor; v points down
_FINGERS: tuple[tuple[tuple[float, float], ...], ...] = (
    ((-7, -3), (-3, -8), (2, -9), (7, -5)),
    ((-8, 2), (-5, -5), (4, -6), (8, 1)),
    ((-2, -10), (3, -10), (-9, 3), (6, -6)),
    ((-9, -4), (9, -4), (-4, -7), (4, -7)),
)
_SLEEVE_FROM = 24.0  # units below the anchor


@lru_cache(maxsize=64)
def hand_tones(pose: int, tilt: int, reach: int, pixel: float) -> Array:
    """Coverage of skin, sleeve and outline of a hand with its forearm.

    Args:
        pose: Number of the pose.
        tilt: Rotation of the hand, in hundredths of a full turn.
        reach: Length of the forearm in pixels, down to the edge of the frame.
        pixel: Pixels in one unit.

    Returns:
        Shares (h, w, 3).
    """
    columns = (np.arange(round(2 * HAND_ANCHOR[0] * pixel) * _FINE) + 0.5) / _FINE / pixel - HAND_ANCHOR[0]
    rows = (np.arange((round(HAND_ANCHOR[1] * pixel) + reach) * _FINE) + 0.5) / _FINE / pixel - HAND_ANCHOR[1]
    x, y = np.meshgrid(columns, rows)
    turn = 2 * np.pi * tilt / 100
    u, v = np.cos(turn) * x + np.sin(turn) * y, np.cos(turn) * y - np.sin(turn) * x
    forearm = capsule(u, v, (0.0, 8.0), (0.0, 2 * reach / pixel), 5.0)
    fingers = [capsule(u, v, (tip[0] * 0.4, 5.0), tip, 1.9) for tip in _FINGERS[pose]]
    whole = np.minimum.reduce([disc(u, v * 0.85, 0, 6.0, 6.5), forearm, *fingers])
    line, sleeve = (whole < 0) & (whole > -0.9), (whole <= -0.9) & (v > _SLEEVE_FROM)
    return np.stack([_average((whole <= -0.9) & ~sleeve), _average(sleeve), _average(line)], axis=2)
