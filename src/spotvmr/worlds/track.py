"""The story as arrays with one row a frame: the common source of pixels and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spotvmr.worlds.layout import DRIFT_X, DRIFT_Y
from spotvmr.worlds.motion import Offsets, at_rest, offsets, rate_hz
from spotvmr.worlds.settings import WorldSettings
from spotvmr.worlds.story import Stay, Story
from spotvmr.worlds.vocabulary import ACTION_NAMES

COME_S = 0.35
"""Seconds in which the hand arrives, and leaves; meanwhile the object eases between rest and motion."""
_AWAY = 7 / 9  # start of an arriving hand below its target, as a share of the frame's height
_SWAY = 1.5  # units of sway of a hovering hand, so that it is never still
_ROTATE = ACTION_NAMES.index("rotate")
_EPS = 1e-6  # s; frame times are multiples of 1 / fps in floating point


@dataclass(frozen=True)
class Track:
    """State of the world at each of n frames; positions in pixels of the frame.

    Attributes:
        visit: Number of the visit (n,) int.
        stay: Number of the hand's stay, arriving and leaving included; -1 without a hand (n,) int.
        held: Whether the frame lies in ``[start_s, end_s)`` of the stay (n,) bool.
        object_xy: Centre of the stay's object on the frame (n, 2).
        rotation: Angle of the object (n,).
        scale: Size of the object (n,).
        hand_xy: Position of the hand on the frame (n, 2).
        camera_xy: Drift of the camera (n, 2): position on the frame = position in the room - drift.
    """

    visit: NDArray[np.int64]
    stay: NDArray[np.int64]
    held: NDArray[np.bool_]
    object_xy: NDArray[np.float64]
    rotation: NDArray[np.float64]
    scale: NDArray[np.float64]
    hand_xy: NDArray[np.float64]
    camera_xy: NDArray[np.float64]


def trace(story: Story, settings: WorldSettings, rng: np.random.Generator) -> Track:
    """Compute the state at every frame of a story.

    Args:
        story: The story.
        settings: Settings of the world, which give frame rate and size.
        rng: Chooses the camera's drift.

    Returns:
        The state at each frame's time ``i / fps``.
    """
    times_s = np.arange(settings.n_frames) / settings.fps
    n = len(times_s)
    starts = np.array([visit.start_s for visit in story.visits])
    visit = np.searchsorted(starts, times_s + _EPS, side="right") - 1
    track = Track(
        visit, np.full(n, -1), np.zeros(n, bool), np.zeros((n, 2)), np.zeros(n), np.ones(n), np.zeros((n, 2)),
        _drift(times_s, rng) * settings.pixel,
    )  # fmt: skip
    for number, stay in enumerate(story.stays):
        near = slice(*np.searchsorted(times_s, [stay.start_s - COME_S - _EPS, stay.end_s + COME_S - _EPS]))
        _lay(track, story, settings, number, near, times_s[near])
    on = track.stay >= 0
    track.object_xy[on] -= track.camera_xy[on]
    track.hand_xy[on] -= track.camera_xy[on]
    return track


def _drift(times_s: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    rates, phases = rng.uniform(0.02, 0.06, 2), rng.random(2)
    return np.sin(2 * np.pi * (times_s[:, None] * rates + phases)) * (DRIFT_X, DRIFT_Y)


def _lay(
    track: Track, story: Story, settings: WorldSettings, number: int, near: slice, times_s: NDArray[np.float64]
) -> None:
    """Write one stay into the track, without the drift of the camera."""
    stay, pixel = story.stays[number], settings.pixel
    held = (times_s >= stay.start_s - _EPS) & (times_s < stay.end_s - _EPS)
    inside_s = np.clip(times_s, stay.start_s, stay.end_s)
    # 1 while held; falls to 0 when the hand is out of view
    ease = np.clip(1 - np.maximum(stay.start_s - times_s, times_s - stay.end_s) / COME_S, 0, 1)
    moved = _displacement(stay, inside_s - stay.start_s)
    rest = story.visits[stay.visit].objects[stay.target] if stay.target >= 0 else None
    sway = _SWAY * np.sin(2 * np.pi * (0.45 * stay.tempo * inside_s + stay.phase)) if stay.action < 0 else 0.0
    track.stay[near], track.held[near] = number, held
    moves = np.stack([ease * moved.dx * stay.sense, ease * moved.dy], axis=1)
    track.object_xy[near] = np.array([stay.x, stay.y]) * settings.spread + moves * pixel
    track.rotation[near] = moved.rotation * stay.sense + (rest.rotation if rest else 0.0)
    track.scale[near] = (1 + ease * (moved.scale - 1)) * (rest.scale if rest else 1.0)
    track.hand_xy[near] = track.object_xy[near]
    track.hand_xy[near, 0] += (stay.grip_x + sway) * pixel
    track.hand_xy[near, 1] += (stay.grip_y + moved.hand_dy) * pixel + (1 - ease) * _AWAY * settings.height


def _displacement(stay: Stay, since_s: NDArray[np.float64]) -> Offsets:
    if stay.action < 0:
        return at_rest(len(since_s))
    rate = rate_hz(stay.action, stay.tempo, stay.end_s - stay.start_s)
    return offsets(stay.action, _cycles(stay, rate, since_s), stay.amplitude)


def _cycles(stay: Stay, rate: float, since_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Phase of the action; turning starts at the angle of the object, other actions at a random phase."""
    return rate * since_s + (0.0 if stay.action == _ROTATE else stay.phase)
