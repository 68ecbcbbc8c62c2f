"""What is annotated is what is on the film: checks on decoded pixels."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from spotvmr.worlds import WorldSettings, generate
from spotvmr.worlds.drawing.render import Renderer
from spotvmr.worlds.make_story import make_story
from spotvmr.worlds.preview import save_sheet, story_sheet
from spotvmr.worlds.settings import rng_of
from spotvmr.worlds.track import Track, trace

IDS = ["train_0000", "train_0001", "test_0000", "pool_0000"]


@lru_cache(maxsize=8)
def decode(path: Path) -> tuple[NDArray[np.uint8], list[float]]:
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    return np.stack([frame.to_ndarray(format="rgb24") for frame in frames]), [
        float(frame.time or 0) for frame in frames
    ]


def story_of(settings: WorldSettings, video_id: str) -> tuple[object, Track]:
    split, number = video_id.split("_")
    story = make_story(settings, split, int(number))
    return story, trace(story, settings, rng_of(settings, split, int(number), 1))


@pytest.mark.parametrize("video_id", IDS)
def test_frames_and_labels_cover_the_video_at_its_rate(small_world: Path, video_id: str) -> None:
    pixels, times_s = decode(small_world / "videos" / f"{video_id}.mp4")
    assert pixels.shape == (600, 90, 160, 3)
    np.testing.assert_allclose(times_s, np.arange(600) / 10, atol=1e-4)
    with np.load(small_world / "labels" / f"{video_id}.npz", allow_pickle=False) as arrays:
        per_frame = (
            "room",
            "hand",
            "action",
            "hover",
            "object_shape",
            "object_colour",
            "hand_xy",
            "object_xy",
            "cam_xy",
        )
        assert all(len(arrays[name]) == 600 for name in per_frame)


@pytest.mark.parametrize("video_id", IDS)
def test_labels_carry_an_action_exactly_during_the_annotated_events(small_world: Path, video_id: str) -> None:
    with np.load(small_world / "labels" / f"{video_id}.npz", allow_pickle=False) as arrays:
        expected = np.full(600, -1)
        for start_s, end_s, action in zip(
            arrays["event_start_s"], arrays["event_end_s"], arrays["event_action"], strict=True
        ):
            expected[round(start_s * 10) : round(end_s * 10)] = action
        np.testing.assert_array_equal(arrays["action"], expected)
        assert arrays["hand"][arrays["action"] >= 0].all()
        assert not arrays["hover"][arrays["action"] >= 0].any()
        assert (arrays["object_shape"][arrays["hover"]] >= 0).all()


def test_the_hand_is_on_film_from_start_to_end_and_not_half_a_second_away(
    small_world: Path, small: WorldSettings
) -> None:
    for video_id in IDS:
        pixels, _ = decode(small_world / "videos" / f"{video_id}.mp4")
        story, track = story_of(small, video_id)
        for stay in story.stays:  # type: ignore[attr-defined]
            first, last = round(stay.start_s * 10), round(stay.end_s * 10) - 1
            empty, later = pixels[first - 4].astype(int), pixels[last + 5].astype(int)
            for frame, other in ((first, empty), (last, later)):
                x, y = np.rint(track.hand_xy[frame]).astype(int)
                box = np.s_[y + 2 : y + 12, max(x - 8, 0) : x + 9]  # skin may match the floor, its outline does not
                change = np.abs(pixels[frame][box].astype(int) - other[box])
                assert np.percentile(change, 90) > 25, (video_id, stay)


def test_the_object_lies_where_the_labels_say_in_its_colour(small_world: Path) -> None:
    # red, yellow, green, blue, purple: signs of (r, g, b) about their mean; brightness distinguishes white
    signs = np.array([(1, -1, -1), (1, 1, -1), (-1, 1, -1), (-1, -1, 1), (1, -1, 1)])
    right = []
    for video_id in IDS:
        pixels, _ = decode(small_world / "videos" / f"{video_id}.mp4")
        with np.load(small_world / "labels" / f"{video_id}.npz") as arrays:
            held = np.flatnonzero((arrays["object_colour"] >= 0) & (arrays["object_colour"] < 5))
            for frame in held[::3]:
                x, y = np.rint(arrays["object_xy"][frame] * (160, 90)).astype(int)
                patch = pixels[frame, max(y - 8, 0) : y + 4, max(x - 8, 0) : x + 9].reshape(-1, 3).astype(float)
                chroma = patch[np.ptp(patch, axis=1) > 90]
                votes = (
                    np.sign(chroma - chroma.mean(axis=1, keepdims=True)) == signs[arrays["object_colour"][frame]]
                ).all(axis=1)
                right.append(len(votes) > 5 and votes.mean() > 0.5)
    assert len(right) > 200
    assert np.mean(right) > 0.85  # 0.896 in this world


def test_every_second_of_every_event_moves_more_than_a_hover(small: WorldSettings) -> None:
    settings = replace(small, minutes=3.0)
    change: dict[int, list[float]] = {action: [] for action in range(-1, 8)}
    for split, number in (("test", 0), ("train", 1)):
        story, style_rng = make_story(settings, split, number), rng_of(settings, split, number, 1)
        track = trace(story, settings, style_rng)
        frames = [frame.astype(np.int16) for frame in Renderer(story, track, settings, style_rng).frames()]
        for stay in story.stays:
            if stay.target < 0:
                continue
            box = np.s_[max(int(stay.y) - 24, 0) : int(stay.y) + 28, max(int(stay.x) - 26, 0) : int(stay.x) + 26]
            for start in range(round(stay.start_s * 10), round(stay.end_s * 10) - 9):
                steps = [np.abs(frames[i + 1][box] - frames[i][box]).mean() for i in range(start, start + 9)]
                change[stay.action].append(float(np.mean(steps)))
    hover = np.median(change[-1])
    for action in range(8):
        assert min(change[action]) > 1.0, action
        assert np.median(change[action]) > hover, action


def test_key_frames_come_every_second_and_as_set(small_world: Path, tmp_path: Path) -> None:
    def spacing(path: Path) -> set[float]:
        with av.open(str(path)) as container:
            keys = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.is_keyframe and p.pts is not None]
        return set(np.round(np.diff(keys), 3).tolist())

    assert spacing(small_world / "videos" / "test_0000.mp4") == {1.0}
    settings = WorldSettings(minutes=0.4, train_videos=1, val_videos=0, test_videos=0, keyframe_s=2.0, fps=12)
    generate(settings, tmp_path, workers=1)
    assert spacing(tmp_path / "videos" / "train_0000.mp4") == {2.0}


def test_size_rate_and_length_are_settable(tmp_path: Path) -> None:
    settings = WorldSettings(minutes=0.25, train_videos=1, val_videos=0, test_videos=0, width=320, height=240, fps=15)
    generate(settings, tmp_path, workers=1)
    pixels, times_s = decode(tmp_path / "videos" / "train_0000.mp4")
    assert pixels.shape == (225, 240, 320, 3)
    assert times_s[-1] == pytest.approx(14.9333, abs=1e-3)


def test_larger_frames_show_the_same_picture(small: WorldSettings) -> None:
    sheets = [
        story_sheet(replace(small, width=160 * k, height=90 * k), "test", 0, rows=2, columns=1).astype(float)
        for k in (1, 2)
    ]
    halved = sheets[1].reshape(180, 2, 160, 2, 3).mean(axis=(1, 3))
    # The grain is another, and one pixel of a drifting camera is half a pixel here
    assert np.abs(halved - sheets[0]).mean() < 8


def test_a_sheet_has_a_row_an_event_and_saves_as_png(small: WorldSettings, tmp_path: Path) -> None:
    sheet = story_sheet(small, "test", 0, rows=3, columns=4)
    assert sheet.shape == (270, 640, 3)
    save_sheet(sheet, tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").read_bytes()[:4] == b"\x89PNG"
