"""The eight actions as pure functions of time. Motion over a second distinguishes them; no single frame does.

Lengths are in units of the 160x90 layout. The ranges of position, hand offset and angle overlap between the
actions and the objects at rest, so that a single frame shows only a hand at an object.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spotvmr.worlds.vocabulary import ACTION_NAMES

Array = NDArray[np.float64]

REACH_X = 16.0
"""Maximum horizontal displacement of an object by an action."""
REACH_Y = 11.0
"""Maximum vertical displacement of an object by an action."""
KNOCK = 9.0
"""Maximum distance of a hand below its grip: the stroke of tapping, and the range of grips."""

_FALL = 0.2  # share of a cycle in which raising moves back
RATES_HZ = (3.0, 0.7, 0.95, 0.95, 0.55, 1.0, 2.0, 1.2)
"""Cycles a second of each action; a saw-tooth or circle near 1 Hz shows its direction in every second."""


@dataclass(frozen=True)
class Offsets:
    """How an action displaces object and hand at each of n times.

    Attributes:
        dx: Object to the right (n,).
        dy: Object downwards (n,).
        rotation: Clockwise rotation of the object in full turns (n,).
        scale: Factor on the object's size (n,).
        hand_dy: Hand downwards, relative to the object's motion (n,).
    """

    dx: Array
    dy: Array
    rotation: Array
    scale: Array
    hand_dy: Array


def _still(cycles: Array) -> dict[str, Array]:
    zero = np.zeros_like(cycles)
    return {"dx": zero, "dy": zero, "rotation": zero, "scale": zero + 1, "hand_dy": zero}


def _saw(cycles: Array) -> Array:
    """Rise slowly from -1 to +1 and return quickly, once a cycle."""
    part = cycles % 1.0
    return np.where(part < 1 - _FALL, 2 * part / (1 - _FALL) - 1, 1 - 2 * (part - 1 + _FALL) / _FALL)


def _wave(cycles: Array) -> Array:
    return np.sin(2 * np.pi * cycles)


_MOTIONS: dict[str, Callable[[Array], dict[str, Array]]] = {
    "shake": lambda c: {"dx": 5.0 * _wave(c)},
    "slide": lambda c: {"dx": 14.0 * _wave(c)},
    "raise": lambda c: {"dy": -9.5 * _saw(c)},
    "lower": lambda c: {"dy": -9.5 * _saw(-c)},
    "rotate": lambda c: {"rotation": c},
    "stir": lambda c: {"dx": 7.0 * _wave(c), "dy": 7.0 * _wave(c + 0.25)},
    "tap": lambda c: {"hand_dy": KNOCK * (0.5 - 0.5 * _wave(c))},
    "squeeze": lambda c: {"scale": 0.95 + 0.19 * _wave(c)},
}


def at_rest(n: int) -> Offsets:
    """Zero displacements of an object and a hand at n times."""
    return Offsets(**_still(np.zeros(n)))


def offsets(action: int, cycles: Array, amplitude: float = 1.0) -> Offsets:
    """Displacements of an action.

    Args:
        action: Class of the action.
        cycles: Phase (n,); one unit is one repetition.
        amplitude: Factor on lengths, near 1; turning and squeezing ignore it.

    Returns:
        The displacements at each phase.
    """
    parts = _still(cycles) | _MOTIONS[ACTION_NAMES[action]](cycles)
    parts |= {name: parts[name] * amplitude for name in ("dx", "dy")}
    return Offsets(**parts)


def rate_hz(action: int, tempo: float, length_s: float) -> float:
    """Cycles a second of one event.

    Turning gets a whole number of turns, so that the object returns to its initial angle.

    Args:
        action: Class of the action.
        tempo: Factor near 1.
        length_s: Length of the event.

    Returns:
        The rate; at least 0.36 Hz for turning.
    """
    rate = RATES_HZ[action] * tempo
    if ACTION_NAMES[action] != "rotate":
        return rate
    return max(1, round(rate * length_s)) / length_s
