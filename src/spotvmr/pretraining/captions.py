"""Sentences about pool clips: queries that were asked of the moment, or made up from its labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from spotvmr.encoders.text.words import split_words
from spotvmr.worlds.vocabulary import ACTIONS, COLOURS, ROOMS, SHAPES, caption

_ASKED_SHARE = 0.3  # of the captions are real queries where there are any
_ACTION_SHARE = 0.75  # of the made-up captions of an action name it
_ROOM_SHARE = 0.5


class Captioner:
    """Speaks about the moment of a label row."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Keep the random numbers that choose words."""
        self.rng = rng

    def say(self, row: NDArray[np.void], asked: Sequence[str]) -> tuple[str, tuple[int, int, int, int]]:
        """A sentence, and the action, shape, colour and room it speaks of, -1 where it is silent.

        Args:
            row: A row of a label table with an object at the hand.
            asked: Queries whose moment covers the row.
        """
        action, shape, colour, room = (int(row[k]) for k in ("action", "shape", "colour", "room"))
        if asked and self.rng.random() < _ASKED_SHARE:
            return asked[int(self.rng.integers(len(asked)))], (action, shape, colour, room)
        said_action = action if action < len(ACTIONS) and self.rng.random() < _ACTION_SHARE else None
        said_room = room if self.rng.random() < _ROOM_SHARE else None
        text = caption(said_action, shape, colour, said_room, self.rng)
        return text, (-1 if said_action is None else action, shape, colour, -1 if said_room is None else room)


def world_words(queries: Iterable[str]) -> tuple[str, ...]:
    """Every word the world can say, in alphabetic order: its names, its caption templates and ``queries``."""
    names = [name for group in (*ROOMS, *SHAPES, COLOURS) for name in group]
    names += [f"{verb.base} {verb.ing}" for verbs in ACTIONS for verb in verbs]
    rng = np.random.default_rng(0)
    for action in (None, 0):  # 200 draws see every template
        names += [caption(action, 0, 0, 0, rng) for _ in range(200)]
    return tuple(sorted({word for text in (*names, *queries) for word in split_words(text)}))
