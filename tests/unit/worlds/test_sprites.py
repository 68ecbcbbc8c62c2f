from __future__ import annotations

import numpy as np
import pytest

from spotvmr.worlds.drawing.sprites import Patch, hand_tones, lay, object_tones, tint


def solid(value: int, cover: float = 1.0) -> Patch:
    tones = np.full((3, 5, 1), cover)
    return tint(tones, np.full((1, 3), value), 2, 1)


def test_a_solid_patch_replaces_and_a_clear_one_keeps() -> None:
    frame = np.full((9, 11, 3), 100, np.uint8)
    lay(frame, solid(255), 5, 4)
    assert (frame[3:6, 3:8] == 255).all()
    assert frame.sum() == 9 * 11 * 3 * 100 + 15 * 3 * 155
    lay(frame, solid(0, cover=0.0), 5, 4)
    assert (frame[3:6, 3:8] == 255).all()


def test_half_cover_mixes_and_never_wraps_around() -> None:
    frame = np.full((3, 5, 3), 255, np.uint8)
    lay(frame, solid(255, cover=0.5), 2, 1)
    assert frame.min() >= 254
    lay(frame, solid(1, cover=0.5), 2, 1)
    assert np.abs(frame.astype(int) - 128).max() <= 1


@pytest.mark.parametrize(("x", "y"), [(0, 0), (10, 8), (-1, 4), (-50, 4), (5, 200)])
def test_what_lies_outside_is_cut_off(x: int, y: int) -> None:
    frame = np.zeros((9, 11, 3), np.uint8)
    lay(frame, solid(200), x, y)
    rows, columns = np.meshgrid(np.arange(9), np.arange(11), indexing="ij")
    inside = (np.abs(rows - y) <= 1) & (np.abs(columns - x) <= 2)
    np.testing.assert_array_equal(frame[..., 0], np.where(inside, 200, 0))


@pytest.mark.parametrize("shape", range(12))
def test_turning_shows_on_every_shape(shape: int) -> None:
    views = [object_tones(shape, angle, 25, 1.0) for angle in range(0, 64, 4)]
    assert all(view.min() >= 0 and view.sum(axis=2).max() <= 1 + 1e-9 for view in views)
    # A fifth of a turn, as between neighbouring frames of the expert, or a half: another picture
    for step in (2, 3, 8):
        assert min(np.abs(views[i] - views[i - step]).sum() for i in range(16)) > 15


def test_shapes_differ_from_one_another_at_any_angle() -> None:
    views = {s: [object_tones(s, a, 25, 1.0).sum(axis=2) for a in range(0, 64, 4)] for s in range(12)}
    for one in range(12):
        for other in range(one):
            # Share of the area in which the best-fitting pair of views differs
            gaps = [np.abs(views[one][0] - view).sum() / views[one][0].sum() for view in views[other]]
            assert min(gaps) > 0.1, (one, other)


def test_an_object_is_whole_within_its_picture_and_grows_with_the_resolution() -> None:
    small, large = object_tones(4, 8, 25, 1.0), object_tones(4, 8, 25, 2.0)
    assert large.sum() == pytest.approx(4 * small.sum(), rel=0.03)
    for shape in range(12):
        for angle in range(0, 64, 5):
            tones = object_tones(shape, angle, 25, 2.0).sum(axis=2)
            border = np.concatenate([tones[0], tones[-1], tones[:, 0], tones[:, -1]])
            assert border.max() < 0.35, (shape, angle)


@pytest.mark.parametrize("tilt", [-6, 0, 6])
def test_a_hand_reaches_the_lower_edge_of_the_frame(tilt: int) -> None:
    tones = hand_tones(0, tilt, 90, 1.0)
    assert tones.shape == (112, 96, 3)
    assert tones[14:].sum(axis=(1, 2)).min() > 7
    assert not tones[:, [0, -1]].any()


def test_clear_borders_are_trimmed_without_moving_the_picture() -> None:
    tones = np.zeros((7, 9, 1))
    tones[2, 3] = 1.0
    patch = tint(tones, np.full((1, 3), 200), 4, 3)
    assert patch.keep.shape == (1, 1, 1)
    frame = np.zeros((20, 20, 3), np.uint8)
    lay(frame, patch, 10, 10)
    assert np.argwhere(frame[..., 0]).tolist() == [[9, 9]]
