from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from spotvmr.errors import UserError
from spotvmr.haystack.assign_clips import assign_clips, split_files
from spotvmr.haystack.settings import HaystackSettings
from spotvmr.haystack.sources import Source
from spotvmr.haystack.timeline import Timeline


def source(name: str, seconds: float = 2.0, *captions: str) -> Source:
    return Source(name, 1, 1, seconds, {text: text for text in captions or (f"about {name}",)})


def many(count: int, seconds: float = 2.0) -> list[Source]:
    return [source(f"c{number:04d}", seconds + number % 7 / 10) for number in range(count)]


def dealt(settings: HaystackSettings, sources: list[Source]) -> dict[str, Timeline]:
    return assign_clips(settings, [s.file for s in sources], sources)


def test_the_split_of_a_clip_follows_from_seed_and_list_alone() -> None:
    files = [f"{n}.mp4" for n in range(1000)]
    found = split_files(files, 3)
    assert Counter(found.values()) == {"train": 600, "val": 100, "test": 300}
    assert split_files(files[::-1], 3) == found
    assert split_files(files, 4) != found


@pytest.mark.parametrize("minutes", [0.5, 3.0])
@pytest.mark.parametrize("borders", ["cut", "fade"])
def test_no_clip_is_in_two_splits_whatever_the_length(settings: HaystackSettings, minutes: float, borders: str) -> None:
    sources = many(200)
    split_of = split_files([s.file for s in sources], 0)
    for video_id, timeline in dealt(replace(settings, minutes=minutes, borders=borders, videos=6), sources).items():
        assert {split_of[piece.source.file] for piece in timeline.pieces} == {video_id.partition("_")[0]}


def test_a_broken_clip_moves_no_other_clip(settings: HaystackSettings) -> None:
    sources = many(200)
    files = [s.file for s in sources]
    before, after = assign_clips(settings, files, sources), assign_clips(settings, files, sources[1:])
    used = [{p.source.file for t in plans.values() for p in t.pieces} for plans in (before, after)]
    split_of = split_files(files, 0)
    assert split_of == split_files(files, 0)
    assert "c0000" not in used[1]


@pytest.mark.parametrize("borders", ["cut", "fade"])
@pytest.mark.parametrize("minutes", [0.1, 1.0, 7.37, 60.0])
def test_every_video_is_exactly_as_long_as_set(settings: HaystackSettings, minutes: float, borders: str) -> None:
    wanted = replace(settings, minutes=minutes, borders=borders)
    for timeline in dealt(wanted, many(60)).values():
        assert timeline.pieces[-1].end == wanted.n_frames == round(minutes * 600)
        starts = [piece.start for piece in timeline.pieces]
        assert starts[0] == 0
        for before, piece in zip(timeline.pieces, timeline.pieces[1:], strict=False):
            assert piece.start == before.end - piece.fade
            assert piece.fade % 2 == 0
            assert piece.fade <= min(before.frames, round(piece.source.duration_s * 10)) // 2


def test_moments_tile_the_video_and_have_the_clips_length(settings: HaystackSettings) -> None:
    timeline = dealt(settings, many(100))["test_0000"]
    moments = timeline.moments()
    assert len(moments) >= len(timeline.pieces) - 1
    for (_, _, end), (_, start, _) in pairwise(moments):
        assert start == end
    for (_, first, end), piece in zip(moments, timeline.pieces, strict=False):
        assert end - first == round(piece.source.duration_s * 10)


def test_a_query_has_one_place_in_its_video(settings: HaystackSettings) -> None:
    sources = [source(f"c{n:03d}", 2.0, f"about {n % 20}", f"again {n % 50}") for n in range(300)]
    for timeline in dealt(replace(settings, minutes=1.0, videos=5), sources).values():
        for caption, first, _ in timeline.moments():
            holders = [piece for piece in timeline.pieces if caption in piece.source.captions]
            assert [piece.first for piece in holders] == [first]
            assert holders[0].whole


def test_enough_clips_are_never_repeated(settings: HaystackSettings) -> None:
    for timeline in dealt(replace(settings, minutes=1.0), many(400)).values():
        files = [piece.source.file for piece in timeline.pieces]
        assert len(set(files)) == len(files)
        assert len(timeline.moments()) >= len(files) - 1


def test_too_few_clips_are_repeated_but_half_of_them_stay_unique(settings: HaystackSettings) -> None:
    sources = many(60)
    timeline = dealt(replace(settings, minutes=30.0, videos=1), sources)["test_0000"]
    counts = Counter(piece.source.file for piece in timeline.pieces)
    assert len(counts) == 18
    assert sum(count == 1 for count in counts.values()) >= 8
    assert len(timeline.moments()) >= 8
    places = [first / timeline.n_frames for _, first, _ in timeline.moments()]
    assert min(places) < 0.4
    assert max(places) > 0.6


def test_the_videos_of_a_split_begin_with_other_clips(settings: HaystackSettings) -> None:
    plans = dealt(replace(settings, minutes=0.5, videos=10), many(400))
    train = [{p.source.file for p in t.pieces} for v, t in plans.items() if v.startswith("train")]
    assert len(set.union(*train)) == sum(map(len, train))


@pytest.mark.parametrize(
    ("videos", "only", "counts"),
    [
        (1, "", (0, 0, 1)),
        (2, "", (1, 0, 1)),
        (3, "", (1, 1, 1)),
        (10, "", (6, 1, 3)),
        (100, "", (60, 10, 30)),
        (4, "test", (0, 0, 4)),
        (1, "train", (1, 0, 0)),
    ],
)
def test_videos_are_shared_among_splits(
    settings: HaystackSettings, videos: int, only: str, counts: tuple[int, int, int]
) -> None:
    assert tuple(replace(settings, videos=videos, only=only).videos_of().values()) == counts


def test_too_few_clips_for_a_split_are_refused(settings: HaystackSettings) -> None:
    with pytest.raises(UserError, match="split val has 0 of 4 readable clips"):
        dealt(settings, many(4))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clips": Path("nowhere")}, "clips=FOLDER"),
        ({"minutes": 601.0}, "600"),
        ({"minutes": 0.01}, "0.05"),
        ({"videos": 0}, "videos=0"),
        ({"borders": "wipe"}, "borders=wipe"),
        ({"only": "all"}, "only=all"),
        ({"width": 63}, "63x48"),
        ({"fps": 0}, "fps=0"),
    ],
)
def test_settings_that_make_no_video_are_refused(
    settings: HaystackSettings, change: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        replace(settings, **change)
