"""Positions of the objects of a visit, in units of the 160x90 layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spotvmr.worlds.motion import REACH_X, REACH_Y

DRIFT_X = 4.0
"""Maximum horizontal drift of the camera."""
DRIFT_Y = 2.0
"""Maximum vertical drift of the camera."""
RADIUS = 13.0
"""Radius of an object of scale 1."""
SCALES = (0.8, 1.12)
"""Range of the objects' scales. The factors of squeezing overlap it, so that a size alone shows no action."""

_HALF = RADIUS * SCALES[1] * 1.14  # shapes reach 1.14 radii
# Objects of actions, and the hand below them, stay in view during every action.
_HOT_X = (REACH_X + _HALF + DRIFT_X, 160 - REACH_X - _HALF - DRIFT_X)
_HOT_Y = (REACH_Y + _HALF + DRIFT_Y, 54.0)
_ANY_X = (_HALF + DRIFT_X, 160 - _HALF - DRIFT_X)
_ANY_Y = (_HALF + DRIFT_Y, 90 - _HALF - DRIFT_Y)
_TRIES = 60


@dataclass(frozen=True, slots=True)
class Placed:
    """An object at rest.

    Attributes:
        shape: Class of its shape.
        colour: Class of its colour.
        x: Centre from the left, units.
        y: Centre from the top, units.
        rotation: Its clockwise angle as a fraction of a full turn.
        scale: Factor on its size.
    """

    shape: int
    colour: int
    x: float
    y: float
    rotation: float
    scale: float


def scatter(kinds: list[tuple[int, int]], n_hot: int, rng: np.random.Generator) -> tuple[Placed, ...]:
    """Choose positions that keep the objects apart.

    Args:
        kinds: Shape and colour of each; the first ``n_hot`` get space for actions.
        n_hot: Number of objects that get actions.
        rng: Chooses positions, angles and sizes.

    Returns:
        The objects, in the order given.
    """
    placed: list[Placed] = []
    for number, (shape, colour) in enumerate(kinds):
        x, y = _free_place([(p.x, p.y) for p in placed], number < n_hot, rng)
        placed.append(Placed(shape, colour, x, y, float(rng.random()), float(rng.uniform(*SCALES))))
    return tuple(placed)


def _free_place(taken: list[tuple[float, float]], hot: bool, rng: np.random.Generator) -> tuple[float, float]:
    """The candidate farthest from all placed objects; hot objects have fewer candidates and avoid far corners."""
    xs, ys = (_HOT_X, _HOT_Y) if hot else (_ANY_X, _ANY_Y)
    tries = 6 if hot else _TRIES
    candidates = np.stack([rng.uniform(*xs, tries), rng.uniform(*ys, tries)], axis=1)
    if not taken:
        return float(candidates[0, 0]), float(candidates[0, 1])
    gaps = np.linalg.norm(candidates[:, None] - np.asarray(taken)[None], axis=2).min(axis=1)
    best = candidates[int(gaps.argmax())]
    return float(best[0]), float(best[1])


def empty_place(objects: tuple[Placed, ...], rng: np.random.Generator) -> tuple[float, float]:
    """A position for a hand that touches no object."""
    return _free_place([(p.x, p.y) for p in objects], False, rng)
