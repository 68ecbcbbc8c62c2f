"""Pictures show their data, with any text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import image
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.report import TimelineRow, pareto_picture, timeline_picture
from spotvmr.types.record import RunRecord

Make = Callable[..., RunRecord]
GREEN, ORANGE, BLUE = (0, 158, 115), (230, 159, 0), (0, 114, 178)
FIRST_STEP, SECOND_STEP = (140, 197, 234), (86, 163, 217)
ROW = TimelineRow(
    text="when did I shake the red mug", duration_s=100.0, clip_s=1.0, truth=[(50.0, 60.0)], predicted=[(70.0, 80.0)],
    selected=[[20, 21, 22, 23, 24]], scores=np.linspace(0, 1, 100),
)  # fmt: skip


def pixels(path: Path) -> NDArray[np.uint8]:
    return np.round(image.imread(path)[..., :3] * 255).astype(np.uint8)


def columns(picture: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.int64]:
    # The legend at the foot shows the same colours.
    return np.flatnonzero((picture[:-80] == np.array(colour, np.uint8)).all(-1).any(0))


def test_bars_stand_at_their_times(tmp_path: Path) -> None:
    timeline_picture([ROW], tmp_path / "t.png")
    picture = pixels(tmp_path / "t.png")
    assert picture.shape[1] == 1600
    left, width = 1.05 * 200, (8 - 1.05 - 0.3) * 200
    for colour, start_s, end_s in ((GREEN, 50, 60), (ORANGE, 70, 80), (FIRST_STEP, 20, 25)):
        found = columns(picture, colour)
        assert found.min() == pytest.approx(left + width * start_s / 100, abs=2)
        assert found.max() == pytest.approx(left + width * end_s / 100, abs=2)


def test_each_step_has_its_lane_and_colour(tmp_path: Path) -> None:
    timeline_picture([replace(ROW, selected=[[20], [30]])], tmp_path / "two.png")
    timeline_picture([ROW], tmp_path / "one.png")
    two, one = pixels(tmp_path / "two.png"), pixels(tmp_path / "one.png")
    assert columns(two, SECOND_STEP).size > 0
    assert columns(one, SECOND_STEP).size == 0
    assert two.shape[0] - one.shape[0] == 40


def test_a_second_of_ten_hours_is_still_seen(tmp_path: Path) -> None:
    row = replace(ROW, duration_s=36000.0, truth=[(18000.0, 18001.0)], scores=np.zeros(36000))
    timeline_picture([row], tmp_path / "t.png")
    assert columns(pixels(tmp_path / "t.png"), GREEN).size >= 2


def test_the_highest_score_of_a_long_video_is_drawn(tmp_path: Path) -> None:
    flat = np.zeros(7200)
    peak = flat.copy()
    peak[3601] = 1.0
    for name, scores in (("flat", flat), ("peak", peak)):
        timeline_picture([replace(ROW, duration_s=7200.0, scores=scores)], tmp_path / f"{name}.png")
    assert not np.array_equal(pixels(tmp_path / "flat.png"), pixels(tmp_path / "peak.png"))


@pytest.mark.parametrize("text", ["$x_{", "$\\frac$ [red]", "", "a\nb\x00\x1b[31m", "何を置いた ☕", "w" * 5000])
def test_any_query_can_be_a_title(text: str, tmp_path: Path) -> None:
    timeline_picture([replace(ROW, text=text)], tmp_path / "t.png")
    assert pixels(tmp_path / "t.png").shape[1] == 1600


@pytest.mark.parametrize(
    "row",
    [
        replace(ROW, truth=[], predicted=[], selected=[], scores=None),
        replace(ROW, scores=np.full(100, np.nan)),
        replace(ROW, scores=np.where(np.arange(100) < 50, -np.inf, 1.0)),
        replace(ROW, duration_s=0.5, scores=np.ones(1), selected=[[0]]),
        replace(ROW, selected=[[], [1], [2], [3], [4], [5]]),
    ],
)
def test_rows_with_holes_are_drawn(row: TimelineRow, tmp_path: Path) -> None:
    timeline_picture([row], tmp_path / "t.png")
    assert (tmp_path / "t.png").stat().st_size > 2000


def test_the_same_rows_give_the_same_bytes_and_no_state_is_left(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    for name in ("a", "b"):
        timeline_picture([ROW], tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert dict(mpl.rcParams) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_no_rows_and_no_extent(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no query"):
        timeline_picture([], tmp_path / "t.png")
    with pytest.raises(ValueError, match="positive duration_s"):
        replace(ROW, duration_s=0.0)


def test_pareto_shows_every_selector_in_its_colour(tmp_path: Path, make_record: Make) -> None:
    spotter, oracle = make_record(), make_record(selector="one_shot", score=0.4, gflops=100.0)
    pareto_picture([spotter], tmp_path / "one.png")
    pareto_picture([spotter, oracle], tmp_path / "two.png")
    assert columns(pixels(tmp_path / "one.png"), GREEN).size == 0
    two = pixels(tmp_path / "two.png")
    assert columns(two, GREEN).size > 0
    assert columns(two, BLUE).min() > columns(two, GREEN).min()  # the dearer stands further right


def test_pareto_gives_each_section_a_panel(tmp_path: Path, make_record: Make) -> None:
    pareto_picture([make_record()], tmp_path / "one.png")
    pareto_picture([make_record(), make_record(split="val", dataset="$a_{")], tmp_path / "two.png")
    assert pixels(tmp_path / "two.png").shape[0] == 2 * pixels(tmp_path / "one.png").shape[0]


def test_pareto_leaves_out_runs_without_a_cost_and_refuses_when_none_is_left(tmp_path: Path, make_record: Make) -> None:
    free = make_record(gflops=0.0)
    unscored = make_record(metrics={"R1@0.3": None})
    with pytest.raises(UserError, match="none of the 2 runs has both"):
        pareto_picture([free, unscored], tmp_path / "p.png")
    assert list(tmp_path.iterdir()) == []
    pareto_picture([free, unscored, make_record(ci95={})], tmp_path / "p.png")
    pareto_picture([make_record(ci95={})], tmp_path / "q.png")
    assert (tmp_path / "p.png").read_bytes() == (tmp_path / "q.png").read_bytes()


def test_pareto_survives_many_runs_at_one_place(tmp_path: Path, make_record: Make) -> None:
    crowd = [make_record(selector="random", seed=seed, arm="$ [x" * 20) for seed in range(12)]
    pareto_picture(crowd, tmp_path / "p.png", level="all")
    assert (tmp_path / "p.png").stat().st_size > 2000
