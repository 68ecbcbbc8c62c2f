"""The twelve shapes as implicit functions on the unit disc: negative inside. ``v`` points down.

Each has a mark that breaks its symmetry, so that rotation is visible for every shape.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from spotvmr.worlds.motion import Array

Shape = Callable[[Array, Array], tuple[Array, Array]]
"""From coordinates u, v to body and mark."""


def disc(u: Array, v: Array, x: float, y: float, r: float) -> Array:
    """Disc of radius r around (x, y)."""
    return np.hypot(u - x, v - y) - r


def rect(u: Array, v: Array, x: float, y: float, half_w: float, half_h: float) -> Array:
    """Rectangle around (x, y) with half sides."""
    return np.maximum(np.abs(u - x) - half_w, np.abs(v - y) - half_h)


def capsule(u: Array, v: Array, a: tuple[float, float], b: tuple[float, float], r: float) -> Array:
    """All points within r of the line from a to b."""
    along = ((u - a[0]) * (b[0] - a[0]) + (v - a[1]) * (b[1] - a[1])) / ((b[0] - a[0]) ** 2 + (b[1] - a[1]) ** 2)
    along = np.clip(along, 0, 1)
    return np.hypot(u - a[0] - along * (b[0] - a[0]), v - a[1] - along * (b[1] - a[1])) - r


def _ring(u: Array, v: Array, x: float, y: float, r: float, half: float) -> Array:
    return np.abs(disc(u, v, x, y, r)) - half


def _any(*parts: Array) -> Array:
    return np.minimum.reduce(parts)


def _mug(u: Array, v: Array) -> tuple[Array, Array]:
    body = _any(rect(u, v, -0.2, 0, 0.58, 0.72), _ring(u, v, 0.45, 0, 0.36, 0.13))
    return body, rect(u, v, -0.2, -0.52, 0.58, 0.13)


def _bowl(u: Array, v: Array) -> tuple[Array, Array]:
    return np.maximum(disc(u, v, 0, -0.38, 0.98), -(v + 0.38)), rect(u, v, 0, -0.15, 0.6, 0.1)


def _plate(u: Array, v: Array) -> tuple[Array, Array]:
    return disc(u, v, 0, 0, 0.92), _any(_ring(u, v, 0, 0, 0.5, 0.09), disc(u, v, 0, -0.62, 0.2))


def _bottle(u: Array, v: Array) -> tuple[Array, Array]:
    body = _any(rect(u, v, 0, 0.32, 0.42, 0.62), rect(u, v, 0, -0.6, 0.18, 0.36))
    return body, rect(u, v, 0, 0.35, 0.42, 0.17)


def _box(u: Array, v: Array) -> tuple[Array, Array]:
    return rect(u, v, 0, 0, 0.74, 0.74), _any(rect(u, v, 0.3, 0, 0.12, 0.74), rect(u, v, -0.3, 0.4, 0.2, 0.1))


def _book(u: Array, v: Array) -> tuple[Array, Array]:
    return rect(u, v, 0, 0, 0.52, 0.86), _any(rect(u, v, -0.4, 0, 0.1, 0.86), rect(u, v, 0.12, -0.4, 0.24, 0.14))


def _key(u: Array, v: Array) -> tuple[Array, Array]:
    teeth = _any(rect(u, v, 0.24, 0.78, 0.22, 0.11), rect(u, v, 0.2, 0.42, 0.18, 0.1))
    return _any(_ring(u, v, 0, -0.5, 0.34, 0.15), rect(u, v, 0, 0.35, 0.14, 0.58), teeth), rect(
        u, v, 0, -0.05, 0.14, 0.1
    )


def _hammer(u: Array, v: Array) -> tuple[Array, Array]:
    return _any(rect(u, v, 0, -0.58, 0.74, 0.28), rect(u, v, 0, 0.2, 0.15, 0.72)), rect(u, v, 0.54, -0.58, 0.2, 0.28)


def _scissors(u: Array, v: Array) -> tuple[Array, Array]:
    blades = _any(capsule(u, v, (-0.42, -0.85), (0.3, 0.4), 0.12), capsule(u, v, (0.42, -0.85), (-0.3, 0.4), 0.12))
    rings = _any(_ring(u, v, 0.38, 0.6, 0.24, 0.11), _ring(u, v, -0.38, 0.6, 0.24, 0.11))
    return _any(blades, rings), disc(u, v, 0.42, -0.8, 0.22)


def _cone(u: Array, v: Array) -> tuple[Array, Array]:
    return np.maximum(v - 0.75, np.abs(u) - (v + 0.92) * 0.46), rect(u, v, 0, 0.2, 1.0, 0.12)


def _star(u: Array, v: Array) -> tuple[Array, Array]:
    rays = 0.66 + 0.3 * np.cos(5 * np.arctan2(u, -v))
    return np.hypot(u, v) - rays, disc(u, v, 0, -0.5, 0.2)


def _lamp(u: Array, v: Array) -> tuple[Array, Array]:
    shade = np.maximum(disc(u, v, 0, 0, 0.9), v + 0.02)
    body = _any(shade, rect(u, v, 0, 0.38, 0.14, 0.42), rect(u, v, 0, 0.8, 0.42, 0.11))
    return body, disc(u, v, 0.38, -0.32, 0.18)


SHAPE_FUNCTIONS: tuple[Shape, ...] = (
    _mug, _bowl, _plate, _bottle, _box, _book, _key, _hammer, _scissors, _cone, _star, _lamp,
)  # fmt: skip
"""In the order of ``vocabulary.SHAPES``."""
