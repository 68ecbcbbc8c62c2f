"""Rooms, shapes, colours and actions of the world, their names, and sentences about them.

The first name of each entry is the canonical one; the rest are synonyms. Positions in the tuples are the
integer classes in the labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Verb:
    """One wording of an action.

    Attributes:
        base: "put down".
        ing: "putting down".
    """

    base: str
    ing: str


ROOMS: tuple[tuple[str, ...], ...] = (
    ("kitchen",),
    ("bathroom", "washroom"),
    ("garage",),
    ("bedroom",),
    ("office", "study"),
    ("garden", "yard"),
    ("living room", "lounge"),
    ("cellar", "basement"),
)
SHAPES: tuple[tuple[str, ...], ...] = (
    ("mug", "cup"),
    ("bowl", "basin"),
    ("plate", "dish"),
    ("bottle", "flask"),
    ("box", "carton"),
    ("book", "notebook"),
    ("key",),
    ("hammer", "mallet"),
    ("scissors", "shears"),
    ("cone", "funnel"),
    ("star", "ornament"),
    ("lamp", "lantern"),
)
COLOURS: tuple[str, ...] = ("red", "yellow", "green", "blue", "purple", "white")
ACTIONS: tuple[tuple[Verb, ...], ...] = (
    (Verb("shake", "shaking"), Verb("rattle", "rattling")),
    (Verb("slide", "sliding"), Verb("push around", "pushing around")),
    (Verb("lift", "lifting"), Verb("raise", "raising"), Verb("pick up", "picking up")),
    (Verb("put down", "putting down"), Verb("lower", "lowering"), Verb("set down", "setting down")),
    (Verb("turn", "turning"), Verb("rotate", "rotating"), Verb("spin", "spinning")),
    (Verb("stir", "stirring"), Verb("circle", "circling")),
    (Verb("tap", "tapping"), Verb("knock on", "knocking on")),
    (Verb("squeeze", "squeezing"), Verb("squash", "squashing")),
)
ACTION_NAMES: tuple[str, ...] = ("shake", "slide", "raise", "lower", "rotate", "stir", "tap", "squeeze")

_WITH_ACTION = ("when did I {verb} {object}{place}?", "where was I when I was {verbing} {object}{place}?",
                "show me {verbing} {object}{place}", "I {verb} {object}{place}",
                 "{verbing} {object}{place}")  # fmt: skip
_WITHOUT_ACTION = ("where is {object}{place}?", "when did I touch {object}{place}?", "my hand on {object}{place}",
                   "{object}{place}", "what did I do with {object}{place}?")  # fmt: skip


def pick(options: tuple[str, ...], rng: np.random.Generator) -> str:
    """One of several names; the first one has probability 0.5."""
    return options[0] if len(options) == 1 or rng.random() < 0.5 else options[int(rng.integers(1, len(options)))]


def name_object(shape: int, colour: int, rng: np.random.Generator) -> str:
    """A name of an object, such as ``the red mug``."""
    return f"the {COLOURS[colour]} {pick(SHAPES[shape], rng)}"


def name_room(room: int, rng: np.random.Generator) -> str:
    """A name of a room, such as ``in the garage``."""
    return f"in the {pick(ROOMS[room], rng)}"


def name_action(action: int, rng: np.random.Generator) -> Verb:
    """A name of an action; the first one has probability 0.5."""
    verbs = ACTIONS[action]
    return verbs[0] if rng.random() < 0.5 else verbs[int(rng.integers(1, len(verbs)))]


def caption(action: int | None, shape: int, colour: int, room: int | None, rng: np.random.Generator) -> str:
    """A sentence about a hand on an object, in the style of the queries.

    Args:
        action: Class of the action; None omits it.
        shape: Class of the object's shape.
        colour: Class of its colour.
        room: Class of the room; None omits it.
        rng: Chooses template and synonyms.

    Returns:
        The sentence.
    """
    words = {"object": name_object(shape, colour, rng), "place": "" if room is None else " " + name_room(room, rng)}
    templates = _WITHOUT_ACTION
    if action is not None:
        verb = name_action(action, rng)
        words |= {"verb": verb.base, "verbing": verb.ing}
        templates = _WITH_ACTION
    return templates[int(rng.integers(len(templates)))].format(**words)
