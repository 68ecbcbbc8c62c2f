"""The eight rooms as textures, each with its own pattern."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spotvmr.worlds.motion import Array

Pattern = Callable[[Array, Array], Array]
"""From positions in units to shades of about -1 to 1."""


def _tiles(x: Array, y: Array) -> Array:
    return np.where((np.floor(x / 14) + np.floor(y / 14)) % 2 > 0, 1.0, -1.0)


def _small_tiles(x: Array, y: Array) -> Array:
    return np.where((x % 8 < 1.2) | (y % 8 < 1.2), 1.3, -0.3)


def _diagonals(x: Array, y: Array) -> Array:
    return np.sign(np.sin((x + y) / 6))


def _stripes(x: Array, y: Array) -> Array:
    return np.sign(np.sin(x / 3.2)) + 0 * y


def _planks(x: Array, y: Array) -> Array:
    row = np.floor(y / 9)
    return np.where((y % 9 < 1.0) | ((x + row * 23) % 60 < 1.0), -1.6, np.sin(row * 2.4))


def _leaves(x: Array, y: Array) -> Array:
    return np.asarray(np.sin(x / 4 + 2 * np.sin(y / 7)) * np.cos(y / 4 + 2 * np.cos(x / 9)) * 1.4)


def _rings(x: Array, y: Array) -> Array:
    return np.sin(np.hypot((x % 54) - 27, (y % 54) - 27) / 1.8)


def _bricks(x: Array, y: Array) -> Array:
    row = np.floor(y / 7)
    return np.where((y % 7 < 1.3) | ((x + (row % 2) * 9) % 18 < 1.3), 1.2, -0.4)


# Colour (r, g, b), contrast of the pattern, pattern. Rooms are greyer than objects, which have outlines.
_KINDS: tuple[tuple[tuple[int, int, int], float, Pattern], ...] = (
    ((168, 158, 142), 22, _tiles),
    ((128, 160, 170), 20, _small_tiles),
    ((112, 112, 116), 16, _diagonals),
    ((172, 142, 152), 14, _stripes),
    ((172, 138, 96), 16, _planks),
    ((108, 134, 92), 22, _leaves),
    ((150, 108, 104), 14, _rings),
    ((92, 84, 96), 20, _bricks),
)


def paint_room(room: int, width: int, height: int, pixel: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Paint the background of a visit.

    Args:
        room: Class of the room.
        width: Pixels.
        height: Pixels.
        pixel: Pixels in one unit.
        rng: Chooses the offset of the pattern, a gradient of light, and noise, which is constant over time to save bit
            rate.

    Returns:
        Colours (height, width, 3), about 0 to 255.
    """
    colour, contrast, pattern = _KINDS[room]
    x, y = np.meshgrid(np.arange(width) / pixel, np.arange(height) / pixel)
    shade = contrast * pattern(x + rng.uniform(0, 200), y + rng.uniform(0, 200))
    lean_x, lean_y = rng.uniform(-14, 14, 2)
    shade += lean_x * (x / x.max() * 2 - 1) + lean_y * (y / y.max() * 2 - 1)
    tint = np.asarray(colour, float) + rng.uniform(-8, 8, 3)
    shade += rng.normal(0, 3.0, shade.shape)  # last, because the number of random values depends on the size
    return tint + shade[..., None]
