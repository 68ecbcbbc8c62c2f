"""Generates the story of a video from its seed."""

from __future__ import annotations

import numpy as np

from spotvmr.worlds.layout import Placed, empty_place, scatter
from spotvmr.worlds.motion import KNOCK
from spotvmr.worlds.settings import WorldSettings, rng_of
from spotvmr.worlds.story import Stay, Story, Visit, unseen_pairs
from spotvmr.worlds.vocabulary import ACTION_NAMES, ACTIONS, COLOURS, ROOMS, SHAPES

Object = tuple[int, int]
"""Shape and colour."""

VISIT_S = (20.0, 60.0)
EVENT_S = (2.0, 8.0)
HOVER_S = (1.5, 5.0)
GAP_S = (1.0, 1.7)
"""Between two stays of the hand; leaving and arriving take 0.35 s each."""
N_HOT = 2
_EVENT_SHARE, _HOVER_SHARE = 0.61, 0.32  # shares of the stays; in the rest the hand touches no object
_GRIP_Y = 8.0  # units below an object's centre: the fingers cover its lower part only, so that it stays recognisable
_TAP = ACTION_NAMES.index("tap")


def make_story(settings: WorldSettings, split: str, number: int) -> Story:
    """Generate the story of one video.

    Args:
        settings: Settings of the world.
        split: ``train``, ``val``, ``test`` or ``pool``.
        number: Number of the video within its split.

    Returns:
        The story; the same arguments always give the same story.
    """
    rng = rng_of(settings, split, number, 0)
    forbidden = frozenset() if split == "test" else unseen_pairs()
    pool = _choose_pool(settings, rng)
    visits: list[Visit] = []
    stays: list[Stay] = []
    for start_s, end_s in _visit_times(settings.duration_s, rng):
        room = _next_room(visits[-1].room if visits else -1, rng)
        visit = Visit(start_s, end_s, room, scatter(_choose_objects(pool, rng), N_HOT, rng))
        stays += _fill(visit, len(visits), forbidden, rng)
        visits.append(visit)
    return Story(settings.duration_s, tuple(visits), tuple(stays))


def _choose_pool(settings: WorldSettings, rng: np.random.Generator) -> list[Object]:
    everything = len(SHAPES) * len(COLOURS)
    size = min(everything, max(settings.hot_pool, round(settings.hot_pool * settings.minutes / 8)))
    return [divmod(int(n), len(COLOURS)) for n in rng.permutation(everything)[:size]]


def _choose_objects(pool: list[Object], rng: np.random.Generator) -> list[Object]:
    """Two objects of the pool, which get actions, and three to five others, all different."""
    hot = [pool[int(n)] for n in rng.permutation(len(pool))[:N_HOT]]
    others = [divmod(int(n), len(COLOURS)) for n in rng.permutation(len(SHAPES) * len(COLOURS))]
    return hot + [kind for kind in others if kind not in hot][: int(rng.integers(3, 6))]


def _visit_times(duration_s: float, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Visits of 20 to 60 s that fill the video; a shorter video is one visit."""
    times, start_s = [], 0.0
    while (left_s := duration_s - start_s) > VISIT_S[1]:
        end_s = round(start_s + rng.uniform(VISIT_S[0], min(VISIT_S[1], left_s - VISIT_S[0])), 1)
        times.append((start_s, end_s))
        start_s = end_s
    return [*times, (start_s, duration_s)]


def _next_room(last: int, rng: np.random.Generator) -> int:
    room = int(rng.integers(len(ROOMS) - (last >= 0)))
    return room + (0 <= last <= room)


def _fill(
    visit: Visit, number: int, forbidden: frozenset[tuple[int, int, int]], rng: np.random.Generator
) -> list[Stay]:
    """The hand's stays in one visit."""
    stays: list[Stay] = []
    done: set[tuple[int, int]] = set()
    start_s = visit.start_s + rng.uniform(0.5, 1.2)
    while True:
        stay = _stay(visit, number, round(start_s, 1), forbidden, done, rng)
        if stay.end_s > visit.end_s - 0.5:
            return stays
        stays.append(stay)
        done.add((stay.target, stay.action))
        start_s = stay.end_s + rng.uniform(*GAP_S)


def _stay(
    visit: Visit,
    number: int,
    start_s: float,
    forbidden: frozenset[tuple[int, int, int]],
    done: set[tuple[int, int]],
    rng: np.random.Generator,
) -> Stay:
    kind = rng.random()
    target, action = int(rng.integers(N_HOT)), -1
    if kind < _EVENT_SHARE:
        action = _choose_action(visit.objects[target], target, forbidden, done, rng)
        length_s = EVENT_S[0] + (EVENT_S[1] - EVENT_S[0]) * rng.beta(1.5, 2.4)
    elif kind < _EVENT_SHARE + _HOVER_SHARE:
        target = target if rng.random() < 0.85 else int(rng.integers(len(visit.objects)))
        length_s = rng.uniform(*HOVER_S)
    else:
        target, length_s = -1, rng.uniform(1.0, 2.5)
    place = visit.objects[target] if target >= 0 else None
    x, y = (place.x, place.y) if place else empty_place(visit.objects, rng)
    return Stay(
        start_s=start_s,
        end_s=round(start_s + length_s, 1),
        visit=number,
        target=target,
        action=action,
        x=x,
        y=y,
        grip_x=float(rng.uniform(-4, 4)),
        grip_y=float(_GRIP_Y + rng.uniform(0, KNOCK if action != _TAP else 1.5)),
        tempo=float(rng.uniform(0.9, 1.1)),
        amplitude=float(rng.uniform(0.88, 1.12)),
        phase=float(rng.random()),
        sense=int(rng.choice((-1, 1))),
        pose=int(rng.integers(4)),
        tilt=float(rng.uniform(-0.06, 0.06)),
    )


def _choose_action(
    placed: Placed, target: int, forbidden: frozenset[tuple[int, int, int]], done: set[tuple[int, int]],
    rng: np.random.Generator,
) -> int:  # fmt: skip
    """An allowed action, usually one that this object has not had in this visit."""
    allowed = [a for a in range(len(ACTIONS)) if (placed.shape, placed.colour, a) not in forbidden]
    fresh = [a for a in allowed if (target, a) not in done]
    options = fresh if fresh and rng.random() < 0.85 else allowed
    return int(rng.choice(options))
