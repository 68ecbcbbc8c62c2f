"""Queries about a story, each with exactly one true moment in its video."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from spotvmr.worlds.settings import WorldSettings, rng_of, video_id_of
from spotvmr.worlds.story import Event, Story, unseen_pairs
from spotvmr.worlds.vocabulary import name_action, name_object, name_room

QueryRow = dict[str, object]
"""One line of an annotation file."""

KINDS = {"plain": 0.52, "room": 0.2, "after": 0.16, "first_last": 0.12}
"""Kinds of queries with the intended share of each."""
UNSEEN_AIM = 0.28
"""Intended share of test queries on object-action pairs that no training video shows."""

_PLAIN = ("when did I {verb} {object}?", "where was I when I was {verbing} {object}?",
          "at what moment did I {verb} {object}?", "show me when I was {verbing} {object}")  # fmt: skip
_ROOM = ("when did I {verb} {object} {place}?", "where was I {place} when I was {verbing} {object}?",
         "{place}, when did I {verb} {object}?", "show me {verbing} {object} {place}")  # fmt: skip
_AFTER = ("what did I {verb} right after {before}?", "when did I {verb} {object} right after {before}?",
          "right after {before}, when did I {verb} {object}?")  # fmt: skip
_FIRST_LAST = ("when did I {order} {verb} {object}?", "when was the {order} time I was {verbing} {object}?")


@dataclass(frozen=True, slots=True)
class StoryQuery:
    """A query before it is put into words.

    Attributes:
        kind: One of ``KINDS``.
        target: Number of its event.
        order: "first" or "last" for the kind "first_last", else empty.
    """

    kind: str
    target: int
    order: str = ""


def _pair(event: Event) -> tuple[int, int, int]:
    return event.shape, event.colour, event.action


def _before(events: list[Event], number: int) -> tuple[int, int, int] | None:
    """Object-action pair of the directly preceding event of the same visit."""
    if number == 0 or events[number - 1].visit != events[number].visit:
        return None
    return _pair(events[number - 1])


def unique_queries(events: list[Event]) -> list[StoryQuery]:
    """All queries with exactly one moment. Room and order are mentioned only when they are needed.

    ``after`` refers to the directly preceding event of the same visit. One of its templates names no object, so that
    the action alone has to identify the moment.
    """
    meanings = [_meanings(events, number) for number in range(len(events))]
    counts = Counter(meaning for row in meanings for meaning in row.values())
    ends = _ends(events)
    queries: list[StoryQuery] = []
    for number, row in enumerate(meanings):
        kinds = [kind for kind, meaning in row.items() if counts[meaning] == 1]
        if "plain" in kinds:
            kinds.remove("room")
        else:
            queries += [StoryQuery("first_last", number, order) for order in ends.get(number, ())]
        queries += [StoryQuery(kind, number) for kind in kinds]
    return queries


def _meanings(events: list[Event], number: int) -> dict[str, tuple[object, ...]]:
    """Meaning of each kind of query for an event; a query is unique when no other event has its meaning."""
    event, before = events[number], _before(events, number)
    meanings: dict[str, tuple[object, ...]] = {
        "plain": ("plain", _pair(event)),
        "room": ("room", _pair(event), event.room),
    }
    if before is not None:
        meanings["after"] = ("after", event.action, before)
    return meanings


def _ends(events: list[Event]) -> dict[int, list[str]]:
    """Events that are the first or the last of their pair."""
    ends: dict[int, list[str]] = {}
    pairs = [_pair(event) for event in events]
    for order, numbers in (("first", range(len(events) - 1, -1, -1)), ("last", range(len(events)))):
        for number in {pairs[n]: n for n in numbers}.values():
            ends.setdefault(number, []).append(order)
    return ends


def choose_queries(
    queries: list[StoryQuery], events: list[Event], most: int, rng: np.random.Generator
) -> list[StoryQuery]:
    """Choose queries close to the intended shares of kinds and unseen pairs, new moments first.

    Args:
        queries: All unique queries.
        events: Events of the story.
        most: Maximum number of queries.
        rng: Breaks ties.

    Returns:
        The chosen queries, in order of time.
    """
    left = [queries[int(n)] for n in rng.permutation(len(queries))]
    unseen = unseen_pairs()
    picked: list[StoryQuery] = []
    debt = rng.uniform(-0.5, 0.5)  # otherwise every video rounds the share in the same direction

    def cost(query: StoryQuery) -> tuple[float, float, float]:
        is_unseen = _pair(events[query.target]) in unseen
        surplus = debt + sum((_pair(events[q.target]) in unseen) for q in picked) - UNSEEN_AIM * len(picked)
        kinds = sum(q.kind == query.kind for q in picked) / KINDS[query.kind]
        used = sum(q.target == query.target for q in picked)
        return used, abs(surplus + is_unseen - UNSEEN_AIM), kinds

    while left and len(picked) < most:
        best = min(left, key=cost)
        left.remove(best)
        picked.append(best)
    return sorted(picked, key=lambda q: (events[q.target].start_s, q.kind, q.order))


def word(query: StoryQuery, events: list[Event], rng: np.random.Generator) -> str:
    """Put a query into words."""
    event = events[query.target]
    verb = name_action(event.action, rng)
    words = {"verb": verb.base, "verbing": verb.ing, "object": name_object(event.shape, event.colour, rng)}
    words |= _extra_words(query, events, rng)
    templates = _TEMPLATES[query.kind]
    return templates[int(rng.integers(len(templates)))].format(**words)


def _extra_words(query: StoryQuery, events: list[Event], rng: np.random.Generator) -> dict[str, str]:
    """Words of a kind beyond action and object."""
    if query.kind == "room":
        return {"place": name_room(events[query.target].room, rng)}
    if query.kind == "after":
        return {"before": _before_words(events[query.target - 1], rng)}
    return {"order": query.order}


def _before_words(before: Event, rng: np.random.Generator) -> str:
    named = f"{name_action(before.action, rng).ing} {name_object(before.shape, before.colour, rng)}"
    place = f" {name_room(before.room, rng)}" if rng.random() < 0.4 else ""
    return named + place


_TEMPLATES = {"plain": _PLAIN, "room": _ROOM, "after": _AFTER, "first_last": _FIRST_LAST}


def query_rows(story: Story, settings: WorldSettings, split: str, number: int) -> list[QueryRow]:
    """The annotation rows of one video.

    Args:
        story: Story of the video.
        settings: Settings of the world.
        split: Split of the video.
        number: Number of the video within its split.

    Returns:
        Rows in the generic format, tagged with the kind of query and, if it applies, ``unseen_pair``.
    """
    rng, events = rng_of(settings, split, number, 2), story.events
    video_id, unseen = video_id_of(split, number), unseen_pairs()
    rows: list[QueryRow] = []
    for count, query in enumerate(choose_queries(unique_queries(events), events, settings.queries(split), rng)):
        event = events[query.target]
        rows.append({
            "qid": f"{video_id}_{count:02d}",
            "query": word(query, events, rng),
            "vid": video_id,
            "duration": story.duration_s,
            "relevant_windows": [[event.start_s, event.end_s]],
            "tags": [query.kind] + ["unseen_pair"] * (_pair(event) in unseen),
        })  # fmt: skip
    return rows
