"""Labels of every frame, as arrays for dense supervision and for checks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spotvmr.worlds.settings import WorldSettings
from spotvmr.worlds.story import Story
from spotvmr.worlds.track import Track

_UNITS = (160.0, 90.0)  # of the layout


def labels(story: Story, track: Track, settings: WorldSettings) -> dict[str, NDArray[np.generic]]:
    """Labels of one video with n frames, v objects over all visits, and e events. No array needs pickle.

    Returns:
        room (n,) int8: class of the room.
        hand (n,) bool: a hand is in view, arriving or leaving.
        hand_xy (n, 2) float32: its position, 0 to 1 of width and height, above 1 below the frame; 0 without a hand.
        action (n,) int8: class of the current action, else -1.
        hover (n,) bool: a hand rests on an object without an action.
        object_shape, object_colour (n,) int8: the object under the hand, else -1.
        object_xy (n, 2) float32: its centre, 0 to 1; 0 without an object.
        cam_xy (n, 2) float32: drift of the camera; subtract it from ``obj_xy`` to get positions on the frame.
        obj_frame_start, obj_frame_stop (v,) int32: frames during which a placed object is in view.
        obj_shape, obj_colour (v,) int8; obj_xy (v, 2) float32: class and position of the object at rest.
        event_start_s, event_end_s (e,) float64; event_action, event_shape, event_colour, event_room (e,) int8.
    """
    return (
        _frame_labels(story, track, (settings.width, settings.height))
        | _object_labels(story, track)
        | _event_labels(story)
    )


def _frame_labels(story: Story, track: Track, size: tuple[int, int]) -> dict[str, NDArray[np.generic]]:
    rooms = np.array([visit.room for visit in story.visits], np.int8)
    rows = [_stay_row(story, number) for number in range(len(story.stays))]
    # Row -1 of the table is "nothing": frames without a hand and frames of arriving and leaving read it
    table = np.array([*rows, (-1, -1, -1)], np.int8)
    held = table[np.where(track.held, track.stay, -1)]
    hand, target = track.stay >= 0, held[:, 1] >= 0
    return {
        "room": rooms[track.visit],
        "hand": hand,
        "hand_xy": (track.hand_xy * hand[:, None] / size).astype(np.float32),
        "action": held[:, 0].copy(),
        "hover": target & (held[:, 0] < 0),
        "object_shape": held[:, 1].copy(),
        "object_colour": held[:, 2].copy(),
        "object_xy": (track.object_xy * target[:, None] / size).astype(np.float32),
        "cam_xy": (track.camera_xy / size).astype(np.float32),
    }


def _stay_row(story: Story, number: int) -> tuple[int, int, int]:
    """Action, shape and colour of a stay."""
    stay = story.stays[number]
    if stay.target < 0:
        return -1, -1, -1
    placed = story.visits[stay.visit].objects[stay.target]
    return stay.action, placed.shape, placed.colour


def _object_labels(story: Story, track: Track) -> dict[str, NDArray[np.generic]]:
    rows = [(number, placed) for number, visit in enumerate(story.visits) for placed in visit.objects]
    bounds = np.searchsorted(track.visit, np.arange(len(story.visits) + 1))
    visit = np.array([number for number, _ in rows])
    return {
        "obj_frame_start": bounds[visit].astype(np.int32),
        "obj_frame_stop": bounds[visit + 1].astype(np.int32),
        "obj_shape": np.array([placed.shape for _, placed in rows], np.int8),
        "obj_colour": np.array([placed.colour for _, placed in rows], np.int8),
        "obj_xy": (np.array([(placed.x, placed.y) for _, placed in rows]) / _UNITS).astype(np.float32),
    }


def _event_labels(story: Story) -> dict[str, NDArray[np.generic]]:
    events = story.events
    times = {name: np.array([getattr(e, name) for e in events], np.float64) for name in ("start_s", "end_s")}
    kinds = {n: np.array([getattr(e, n) for e in events], np.int8) for n in ("action", "shape", "colour", "room")}
    return {f"event_{name}": values for name, values in (times | kinds).items()}
