"""Where a visit's objects lie, in units of the 160x90 layout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spotvmr.worlds.motion import REACH_X, REACH_Y

DRIFT_X = 4.0
"""The farthest the camera drifts sideways."""
DRIFT_Y = 2.0
"""The farthest the camera drifts up or down."""
RADIUS = 13.0
"""Of an object of scale 1."""
SCALES = (0.8, 1.12)
"""Range of the objects' scales; squeezing stays inside a factor that overlaps it."""

_HALF = RADIUS * SCALES[1] * 1.14  # shapes reach 1.14 radii
# Hot objects stay wholly in view through every action, and the hand below them too.
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
        turns: Its angle, clockwise, in turns.
        scale: Its size as a factor.
    """

    shape: int
    colour: int
    x: float
    y: float
    turns: float
    scale: float


def scatter(kinds: list[tuple[int, int]], n_hot: int, rng: np.random.Generator) -> tuple[Placed, ...]:
    """Place objects apart from one another.

    Args:
        kinds: Shape and colour of each; the first ``n_hot`` get room for actions.
        n_hot: How many are acted on.
        rng: Chooses places, angles and sizes.

    Returns:
        The objects, in the order given.
    """
    placed: list[Placed] = []
    for number, (shape, colour) in enumerate(kinds):
        x, y = _free_place([(p.x, p.y) for p in placed], number < n_hot, rng)
        placed.append(Placed(shape, colour, x, y, float(rng.random()), float(rng.uniform(*SCALES))))
    return tuple(placed)


def _free_place(taken: list[tuple[float, float]], hot: bool, rng: np.random.Generator) -> tuple[float, float]:
    """The candidate farthest from everything placed; hot objects do not seek the far corners of their area."""
    xs, ys = (_HOT_X, _HOT_Y) if hot else (_ANY_X, _ANY_Y)
    tries = 6 if hot else _TRIES
    candidates = np.stack([rng.uniform(*xs, tries), rng.uniform(*ys, tries)], axis=1)
    if not taken:
        return float(candidates[0, 0]), float(candidates[0, 1])
    gaps = np.linalg.norm(candidates[:, None] - np.asarray(taken)[None], axis=2).min(axis=1)
    best = candidates[int(gaps.argmax())]
    return float(best[0]), float(best[1])


def empty_place(objects: tuple[Placed, ...], rng: np.random.Generator) -> tuple[float, float]:
    """A place for a hand that touches nothing."""
    return _free_place([(p.x, p.y) for p in objects], False, rng)
