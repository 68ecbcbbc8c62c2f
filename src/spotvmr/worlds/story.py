"""The content of a video: visits to rooms, and what the hand does there. No pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spotvmr.worlds.layout import Placed
from spotvmr.worlds.vocabulary import ACTIONS, COLOURS, SHAPES

UNSEEN_SHARE = 0.22
_UNSEEN_SEED = 20240  # the same in every world, so that encoders trained on any pool respect it


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay of the hand in view.

    Attributes:
        start_s: Time at which the hand has arrived, a multiple of 0.1 s.
        end_s: Time at which it leaves.
        visit: Number of the visit.
        target: Number of the object in the visit; -1 when the hand touches no object.
        action: Class of the action; -1 for hovering.
        x: Target position from the left, units.
        y: Target position from the top, units.
        grip_x: Offset of the hand to the right of the object's centre, units.
        grip_y: Offset of the hand below the object's centre, units.
        tempo: Factor on the action's rate.
        amplitude: Factor on the action's size.
        phase: Cycles at the start.
        sense: 1 when the motion begins to the right, -1 when it begins to the left.
        pose: Number of the hand's pose.
        tilt: Rotation of the hand, as a fraction of a full turn.
    """

    start_s: float
    end_s: float
    visit: int
    target: int
    action: int
    x: float
    y: float
    grip_x: float
    grip_y: float
    tempo: float
    amplitude: float
    phase: float
    sense: int
    pose: int
    tilt: float


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay in a room.

    Attributes:
        start_s: First second.
        end_s: Last second, exclusive.
        room: Class of the room.
        objects: In view during the whole visit; the first two get actions.
    """

    start_s: float
    end_s: float
    room: int
    objects: tuple[Placed, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """An annotated action on an object.

    Attributes:
        start_s: First second.
        end_s: Last second, exclusive.
        action: Class of the action.
        shape: Class of the object's shape.
        colour: Class of the object's colour.
        room: Class of the room.
        visit: Number of the visit.
    """

    start_s: float
    end_s: float
    action: int
    shape: int
    colour: int
    room: int
    visit: int


@dataclass(frozen=True)
class Story:
    """Everything about a video except its pixels.

    Attributes:
        duration_s: Length of the video.
        visits: The visits in order, without gaps.
        stays: The stays of the hand in order, without overlap.
    """

    duration_s: float
    visits: tuple[Visit, ...]
    stays: tuple[Stay, ...]

    @property
    def events(self) -> list[Event]:
        """The stays with an action, in order."""
        return [self._event(stay) for stay in self.stays if stay.action >= 0]

    def _event(self, stay: Stay) -> Event:
        visit = self.visits[stay.visit]
        placed = visit.objects[stay.target]
        return Event(stay.start_s, stay.end_s, stay.action, placed.shape, placed.colour, visit.room, stay.visit)


def unseen_pairs() -> frozenset[tuple[int, int, int]]:
    """The combinations (shape, colour, action) that only test videos show; the same in every world."""
    shape = (len(SHAPES), len(COLOURS), len(ACTIONS))
    size = int(np.prod(shape))
    chosen = np.random.default_rng(_UNSEEN_SEED).permutation(size)[: round(UNSEEN_SHARE * size)]
    return frozenset((int(s), int(c), int(a)) for s, c, a in zip(*np.unravel_index(chosen, shape), strict=True))
