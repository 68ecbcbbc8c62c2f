"""Renders the frames of a story."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spotvmr.worlds.drawing.rooms import paint_room
from spotvmr.worlds.drawing.sprites import (
    ANGLE_STEPS,
    HAND_ANCHOR,
    SCALE_STEP,
    Patch,
    hand_tones,
    lay,
    object_tones,
    tint,
)
from spotvmr.worlds.layout import DRIFT_X, DRIFT_Y, Placed
from spotvmr.worlds.motion import Array
from spotvmr.worlds.settings import WorldSettings
from spotvmr.worlds.story import Story, Visit
from spotvmr.worlds.track import Track

# red, yellow, green, blue, purple, white
_COLOURS = np.array(
    [(214, 40, 36), (242, 202, 30), (36, 158, 60), (36, 84, 220), (150, 44, 176), (244, 244, 244)], float
)
_MARK, _MARK_ON_WHITE, _LINE = (250, 240, 226), (70, 70, 76), (28, 24, 26)
_SKINS = np.array([(232, 184, 150), (204, 148, 110), (150, 98, 66), (104, 68, 48)], float)
_SLEEVES = np.array([(60, 62, 70), (96, 100, 108), (44, 60, 72), (84, 70, 60)], float)
_TURN = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)  # generator of rotations about the grey axis


class Renderer:
    """Draws the frames of one video.

    Args:
        story: The story.
        track: Positions at each frame.
        settings: Settings of the world.
        rng: Chooses light, hue, skin and the noise of the rooms.
    """

    def __init__(self, story: Story, track: Track, settings: WorldSettings, rng: np.random.Generator) -> None:
        """Draw random light, hue and skin for the video."""
        self._story, self._track, self._settings = story, track, settings
        self._pixel = settings.pixel
        self._hue = _hue_matrix(rng)
        self._skin, self._sleeve = _SKINS[rng.integers(4)], _SLEEVES[rng.integers(4)]
        self._gains = rng.uniform(0.86, 1.1, len(story.visits)) * rng.uniform(0.9, 1.08)
        self._seeds = rng.integers(2**31, size=len(story.visits))
        self._patches: dict[tuple[int, ...], Patch] = {}

    def frames(self) -> Iterator[NDArray[np.uint8]]:
        """All frames in order, each a new array (H, W, 3) uint8."""
        bounds = np.searchsorted(self._track.visit, np.arange(len(self._story.visits) + 1))
        for number, visit in enumerate(self._story.visits):
            self._patches.clear()  # light differs between visits, and all patches would fill the memory
            yield from self._visit_frames(number, visit, int(bounds[number]), int(bounds[number + 1]))

    def _visit_frames(self, number: int, visit: Visit, start: int, stop: int) -> Iterator[NDArray[np.uint8]]:
        room = self._room(number, visit)
        stages: dict[int, NDArray[np.uint8]] = {}
        for frame in range(start, stop):
            stay = int(self._track.stay[frame])
            target = self._story.stays[stay].target if stay >= 0 else -1
            if target not in stages:
                stages[target] = self._furnish(room, number, visit, target)
            picture = self._crop(stages[target], frame)
            if stay >= 0:
                self._draw_stay(picture, frame, number, stay)
            yield picture

    def _room(self, number: int, visit: Visit) -> Array:
        """The empty room, larger than the frame by the maximum drift of the camera."""
        s, margin = self._settings, self._margin
        rng = np.random.default_rng(int(self._seeds[number]))
        wide = paint_room(visit.room, s.width + 2 * margin[0], s.height + 2 * margin[1], self._pixel, rng)
        return self._light(wide, number)

    @property
    def _margin(self) -> tuple[int, int]:
        return int(np.ceil(DRIFT_X * self._pixel)), int(np.ceil(DRIFT_Y * self._pixel))

    def _furnish(self, room: Array, number: int, visit: Visit, without: int) -> NDArray[np.uint8]:
        """The room with its objects, except the object in the hand."""
        stage = np.clip(room, 0, 255).astype(np.uint8)
        for place, placed in enumerate(visit.objects):
            if place != without:
                x, y = np.array([placed.x, placed.y]) * self._settings.spread + self._margin
                lay(stage, self._object(placed, placed.rotation, placed.scale, number), x, y)
        return stage

    def _crop(self, stage: NDArray[np.uint8], frame: int) -> NDArray[np.uint8]:
        x, y = np.rint(self._track.camera_xy[frame]).astype(int) + self._margin
        return stage[y : y + self._settings.height, x : x + self._settings.width].copy()

    def _draw_stay(self, picture: NDArray[np.uint8], frame: int, number: int, stay: int) -> None:
        track, what = self._track, self._story.stays[stay]
        if what.target >= 0:
            placed = self._story.visits[number].objects[what.target]
            patch = self._object(placed, float(track.rotation[frame]), float(track.scale[frame]), number)
            lay(picture, patch, *track.object_xy[frame])
        lay(picture, self._hand(what.pose, round(what.tilt * 100), number), *track.hand_xy[frame])

    def _object(self, placed: Placed, rotation: float, scale: float, number: int) -> Patch:
        angle, size = round(rotation * ANGLE_STEPS) % ANGLE_STEPS, round(scale / SCALE_STEP)
        key = (placed.shape, placed.colour, angle, size)
        if key not in self._patches:
            tones = object_tones(placed.shape, angle, size, self._pixel)
            mark = _MARK_ON_WHITE if placed.colour == len(_COLOURS) - 1 else _MARK
            colours = np.stack([_COLOURS[placed.colour], mark, _LINE])
            half = tones.shape[0] // 2
            self._patches[key] = tint(tones, self._light(colours, number), half, half)
        return self._patches[key]

    def _hand(self, pose: int, tilt: int, number: int) -> Patch:
        key = (pose, tilt)
        if key not in self._patches:
            colours = self._light(np.stack([self._skin, self._sleeve, _LINE]), number)
            anchor = [round(side * self._pixel) for side in HAND_ANCHOR]
            self._patches[key] = tint(hand_tones(pose, tilt, self._settings.height, self._pixel), colours, *anchor)
        return self._patches[key]

    def _light(self, colours: Array, number: int) -> Array:
        """Apply the hue of the video and the light of the visit, the same for room, objects and hand."""
        return colours @ self._hue.T * self._gains[number]


def _hue_matrix(rng: np.random.Generator) -> Array:
    """A matrix (3, 3) that rotates hues slightly about the grey axis and changes the saturation."""
    angle, saturation = rng.uniform(-0.12, 0.12), rng.uniform(0.85, 1.1)
    turn = np.eye(3) + np.sin(angle) * _TURN + (1 - np.cos(angle)) * (_TURN @ _TURN)
    grey = np.full((3, 3), 1 / 3)
    return np.asarray(turn @ (grey + saturation * (np.eye(3) - grey)))
