from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from spotvmr.worlds import ACTIONS, COLOURS, ROOMS, SHAPES, WorldSettings, caption
from spotvmr.worlds.make_story import make_story
from spotvmr.worlds.queries import query_rows
from spotvmr.worlds.story import Event, unseen_pairs

SETTINGS = WorldSettings()


def meaning_of(text: str) -> tuple[list[int], list[tuple[int, int]], list[int], str]:
    """Read a sentence by its words alone: actions, objects and rooms in order, and first or last."""

    def found(table: list[tuple[int, str]]) -> list[int]:
        hits = [(m.start(), n) for n, name in table for m in re.finditer(rf"\b{re.escape(name)}\b", text)]
        return [n for _, n in sorted(hits)]

    verbs = found([(n, w) for n, verbs in enumerate(ACTIONS) for v in verbs for w in (v.base, v.ing)])
    colours = found(list(enumerate(COLOURS)))
    shapes = found([(n, name) for n, names in enumerate(SHAPES) for name in names])
    rooms = found([(n, name) for n, names in enumerate(ROOMS) for name in names])
    order = next((word for word in ("first", "last") if f" {word} " in text), "")
    return verbs, list(zip(shapes, colours, strict=True)), rooms, order


def answers(text: str, events: list[Event]) -> list[Event]:
    """Every event that answers a sentence: an independent reading, straight from the words."""
    verbs, objects, rooms, order = meaning_of(text)
    if "right after" in text:
        first = text.startswith("right after")
        before_action, action = verbs if first else verbs[::-1]
        before_object = objects[0] if first else objects[-1]
        hits = [
            b
            for a, b in pairwise(events)
            if a.visit == b.visit
            and (a.action, a.shape, a.colour) == (before_action, *before_object)
            and b.action == action
            and (not rooms or a.room == rooms[0])
        ]
        return [e for e in hits if len(objects) == 1 or (e.shape, e.colour) == objects[-1 if first else 0]]
    hits = [e for e in events if e.action == verbs[0] and (e.shape, e.colour) == objects[0]]
    hits = [e for e in hits if not rooms or e.room == rooms[0]]
    return hits[:1] if order == "first" else hits[-1:] if order == "last" else hits


@pytest.mark.parametrize("split", ["train", "test"])
def test_each_sentence_has_exactly_its_annotated_moment(split: str) -> None:
    for number in range(12):
        story = make_story(SETTINGS, split, number)
        for row in query_rows(story, SETTINGS, split, number):
            hits = answers(str(row["query"]), story.events)
            assert [[e.start_s, e.end_s] for e in hits] == row["relevant_windows"], row["query"]


def test_counts_kinds_and_unseen_share_of_the_test_split() -> None:
    rows = [row for n in range(40) for row in query_rows(make_story(SETTINGS, "test", n), SETTINGS, "test", n)]
    kinds = Counter(row["tags"][0] for row in rows)
    assert len(rows) == 640
    assert set(kinds) == {"plain", "room", "after", "first_last"}
    assert min(kinds.values()) >= 60
    assert 0.25 <= sum("unseen_pair" in row["tags"] for row in rows) / len(rows) <= 0.30
    assert len({row["qid"] for row in rows}) == 640
    lengths = [end - start for row in rows for start, end in row["relevant_windows"]]
    assert 0.007 <= np.mean(lengths) / 480 <= 0.011


def test_unseen_pair_tags_agree_with_the_story() -> None:
    story = make_story(SETTINGS, "test", 1)
    events = {event.start_s: event for event in story.events}
    for row in query_rows(story, SETTINGS, "test", 1):
        event = events[row["relevant_windows"][0][0]]
        assert ("unseen_pair" in row["tags"]) == ((event.shape, event.colour, event.action) in unseen_pairs())


def test_moments_spread_over_the_video_so_that_guessing_fails() -> None:
    middles = [
        np.mean(row["relevant_windows"]) / 480
        for n in range(30)
        for row in query_rows(make_story(SETTINGS, "train", n), SETTINGS, "train", n)
    ]
    shares = np.histogram(middles, 10, (0, 1))[0] / len(middles)
    assert shares.max() < 0.15
    assert shares.min() > 0.06


def test_rows_are_the_generic_format_and_repeat() -> None:
    story = make_story(SETTINGS, "val", 0)
    rows = query_rows(story, SETTINGS, "val", 0)
    assert rows == query_rows(story, SETTINGS, "val", 0)
    assert len(rows) == 16
    assert set(rows[0]) == {"qid", "query", "vid", "duration", "relevant_windows", "tags"}
    assert rows[0]["vid"] == "val_0000"
    assert rows[0]["duration"] == 480.0


def test_at_most_as_many_queries_as_set() -> None:
    few = replace(SETTINGS, queries_per_video=3, train_queries_per_video=5)
    assert len(query_rows(make_story(few, "test", 0), few, "test", 0)) == 3
    assert len(query_rows(make_story(few, "train", 0), few, "train", 0)) == 5


def test_two_hours_still_have_fair_questions() -> None:
    long = replace(SETTINGS, minutes=120.0)
    story = make_story(long, "test", 0)
    rows = query_rows(story, long, "test", 0)
    assert len(rows) == 16
    assert all(len(answers(str(row["query"]), story.events)) == 1 for row in rows)


def test_caption_says_what_it_is_given() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        action, shape, colour, room = (int(rng.integers(n)) for n in (8, 12, 6, 8))
        verbs, objects, rooms, _ = meaning_of(caption(action, shape, colour, room, rng))
        assert (verbs, objects, rooms) == ([action], [(shape, colour)], [room])
        assert meaning_of(caption(None, shape, colour, None, rng))[0::2] == ([], [])
