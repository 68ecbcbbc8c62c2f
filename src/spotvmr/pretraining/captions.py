"""Captions of pool clips: queries of the moment, or sentences made from its labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from spotvmr.encoders.text.words import split_words
from spotvmr.worlds.vocabulary import ACTIONS, COLOURS, ROOMS, SHAPES, caption

_QUERY_SHARE = 0.3  # share of queries among the captions of clips with queries
_ACTION_SHARE = 0.75  # share of the made captions that name the action
_ROOM_SHARE = 0.5


class Captioner:
    """Makes captions of label rows."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Keep the generator of random numbers."""
        self.rng = rng

    def caption(self, row: NDArray[np.void], queries: Sequence[str]) -> tuple[str, tuple[int, int, int, int]]:
        """A caption, and the action, shape, colour and room that it names; -1 for one that it does not name.

        Args:
            row: A row of a label table with an object at the hand.
            queries: Queries whose moment covers the row.
        """
        action, shape, colour, room = (int(row[k]) for k in ("action", "shape", "colour", "room"))
        if queries and self.rng.random() < _QUERY_SHARE:
            return queries[int(self.rng.integers(len(queries)))], (action, shape, colour, room)
        named_action = action if action < len(ACTIONS) and self.rng.random() < _ACTION_SHARE else None
        named_room = room if self.rng.random() < _ROOM_SHARE else None
        text = caption(named_action, shape, colour, named_room, self.rng)
        return text, (-1 if named_action is None else action, shape, colour, -1 if named_room is None else room)


def world_words(queries: Iterable[str]) -> tuple[str, ...]:
    """Every word of the world in alphabetic order: names, caption templates and ``queries``."""
    names = [name for group in (*ROOMS, *SHAPES, COLOURS) for name in group]
    names += [f"{verb.base} {verb.ing}" for verbs in ACTIONS for verb in verbs]
    rng = np.random.default_rng(0)
    for action in (None, 0):  # 200 draws see every template
        names += [caption(action, 0, 0, 0, rng) for _ in range(200)]
    return tuple(sorted({word for text in (*names, *queries) for word in split_words(text)}))
