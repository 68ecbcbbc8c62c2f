from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from spotvmr.worlds import WorldSettings
from spotvmr.worlds.layout import RADIUS
from spotvmr.worlds.make_story import make_story
from spotvmr.worlds.settings import rng_of
from spotvmr.worlds.story import Event, Story, unseen_pairs
from spotvmr.worlds.track import COME_S, trace

SETTINGS = WorldSettings()
STORIES = [(split, number) for split in ("train", "test") for number in range(6)]


def pair(event: Event) -> tuple[int, int, int]:
    return event.shape, event.colour, event.action


@pytest.fixture(scope="module")
def stories() -> list[Story]:
    return [make_story(SETTINGS, split, number) for split, number in STORIES]


def test_visits_fill_the_video_and_last_20_to_60_s(stories: list[Story]) -> None:
    for story in stories:
        assert story.visits[0].start_s == 0
        assert story.visits[-1].end_s == 480.0
        for visit, following in pairwise(story.visits):
            assert visit.end_s == following.start_s
            assert visit.room != following.room
        assert all(19.9 <= visit.end_s - visit.start_s <= 60.1 for visit in story.visits)
        assert all(5 <= len(visit.objects) <= 7 for visit in story.visits)


def test_the_hand_comes_about_80_times_with_a_second_between(stories: list[Story]) -> None:
    for story in stories:
        assert all(b.start_s - a.end_s >= 0.89 for a, b in pairwise(story.stays))
        for stay in story.stays:
            visit = story.visits[stay.visit]
            assert visit.start_s + COME_S <= stay.start_s < stay.end_s <= visit.end_s - COME_S
        assert all(1.9 <= event.end_s - event.start_s <= 8.1 for event in story.events)
    assert 45 <= np.mean([len(story.events) for story in stories]) <= 58


def test_times_are_tenths_of_a_second(stories: list[Story]) -> None:
    times = [t for story in stories for event in story.events for t in (event.start_s, event.end_s)]
    assert all(t == round(t, 1) for t in times)


def test_distractors_of_every_sort_occur(stories: list[Story]) -> None:
    for story in stories:
        events = story.events
        hovers = [stay for stay in story.stays if stay.action < 0 and stay.target >= 0]
        assert 0.3 <= len(hovers) / len(events) <= 1.0
        assert any(stay.target < 0 for stay in story.stays)
        others = [(a, b) for a in events for b in events if a is not b]
        assert any(a.action != b.action and pair(a)[:2] == pair(b)[:2] and a.visit == b.visit for a, b in others)
        assert any(a.action == b.action and pair(a)[:2] != pair(b)[:2] for a, b in others)
        assert any(pair(a) == pair(b) and a.room != b.room for a, b in others)


def test_hot_objects_are_few(stories: list[Story]) -> None:
    for story in stories:
        assert len({pair(event)[:2] for event in story.events}) <= SETTINGS.hot_pool
        assert all(stay.target < 2 for stay in story.stays if stay.action >= 0)


def test_unseen_pairs_are_a_fifth_and_occur_in_test_alone() -> None:
    unseen = unseen_pairs()
    assert 0.20 <= len(unseen) / (12 * 6 * 8) <= 0.25
    for split in ("train", "val", "pool"):
        assert not any(pair(e) in unseen for n in range(12) for e in make_story(SETTINGS, split, n).events)
    assert any(pair(event) in unseen for event in make_story(SETTINGS, "test", 0).events)


def test_the_same_arguments_tell_the_same_story_and_others_another() -> None:
    assert make_story(SETTINGS, "train", 3) == make_story(SETTINGS, "train", 3)
    assert make_story(SETTINGS, "train", 3) != make_story(SETTINGS, "train", 4)
    assert make_story(SETTINGS, "train", 3) != make_story(SETTINGS, "pool", 3)
    assert make_story(SETTINGS, "train", 3) != make_story(replace(SETTINGS, seed=8), "train", 3)
    # How many videos there are, and how they are drawn, leaves each story alone
    assert make_story(SETTINGS, "train", 3) == make_story(
        replace(SETTINGS, train_videos=4, width=320, height=180), "train", 3
    )


@pytest.mark.parametrize(("width", "height"), [(160, 90), (320, 240), (180, 320)])
def test_no_action_leaves_the_frame(width: int, height: int) -> None:
    settings = replace(SETTINGS, width=width, height=height)
    for split, number in STORIES[:4]:
        story = make_story(settings, split, number)
        track = trace(story, settings, rng_of(settings, split, number, 1))
        acting = track.held & (np.array([*(s.action for s in story.stays), -1])[track.stay] >= 0)
        half = 1.136 * RADIUS * track.scale[acting] * settings.pixel  # the hammer's corners
        x, y = track.object_xy[acting].T
        assert (x - half).min() >= 0
        assert (x + half).max() <= width
        assert (y - half).min() >= 0
        assert (y + half).max() <= height
        assert track.hand_xy[acting, 1].max() < height


def test_no_single_place_of_the_hand_tells_the_action() -> None:
    below: dict[int, list[float]] = {action: [] for action in range(8)}
    for split, number in STORIES:
        story = make_story(SETTINGS, split, number)
        track = trace(story, SETTINGS, rng_of(SETTINGS, split, number, 1))
        for frame in np.flatnonzero(track.held):
            action = story.stays[track.stay[frame]].action
            if action >= 0:
                below[action].append(track.hand_xy[frame, 1] - track.object_xy[frame, 1])
    for values in below.values():
        assert np.percentile(values, 10) < 11
        assert np.percentile(values, 90) > 14.5
        assert min(values) >= 8
        assert max(values) <= 18.6


@pytest.mark.parametrize("minutes", [0.25, 3.0, 60.0])
def test_any_length(minutes: float) -> None:
    story = make_story(replace(SETTINGS, minutes=minutes), "train", 0)
    assert story.visits[-1].end_s == story.duration_s == minutes * 60
    assert len(story.events) / minutes == pytest.approx(6.5, abs=4)
