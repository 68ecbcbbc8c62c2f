"""From queries and stores to batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spotvmr.features import FeatureStore, StoreKey, StoreWriter
from spotvmr.features.samples import Collator, GroundingDataset, share_inside
from spotvmr.types import ClipGrid, Moment, Query

CLIPS = {"long": 100, "short": 7}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[FeatureStore, FeatureStore]:
    """Stores whose features are the number of the clip."""
    made = []
    for name, dim in (("index", 2), ("expert", 3)):
        path = tmp_path_factory.mktemp("stores") / name
        with StoreWriter(path, StoreKey(name, "0", "none", 2.0, 1, {"all": dim})) as writer:
            for video, n in CLIPS.items():
                writer.add(video, np.tile(np.arange(n, dtype=np.float32)[:, None], dim), 2.0 * n)
            writer.finish(list(CLIPS))
        made.append(FeatureStore.open(path))
    return made[0], made[1]


def query(start_s: float, end_s: float, qid: str = "q", video: str = "long") -> Query:
    return Query(qid, f"text {qid}", video, 2.0 * CLIPS[video], (Moment(start_s, end_s),))


def test_a_whole_video_keeps_its_times(stores: tuple[FeatureStore, FeatureStore]) -> None:
    sample = GroundingDataset([query(5.0, 9.0)], *stores, clip_s=2.0)[0]
    assert sample.span.tolist() == [2.5, 4.5]
    assert sample.inside[:6].tolist() == [0, 0, 0.5, 1, 0.5, 0]
    assert sample.index[:, 0].tolist() == list(range(100))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("start_s", "end_s"), [(0.0, 3.0), (61.0, 70.0), (197.5, 200.0)])
def test_a_window_holds_the_moment_where_it_is(
    seed: int, start_s: float, end_s: float, stores: tuple[FeatureStore, FeatureStore]
) -> None:
    sample = GroundingDataset([query(start_s, end_s)], *stores, clip_s=2.0, window_clips=16, epoch_seed=seed)[0]
    assert len(sample.index) == len(sample.inside) == 16
    first = int(sample.index[0, 0])
    assert sample.offset == first
    assert ((sample.span + first) * 2.0).tolist() == pytest.approx([start_s, end_s])
    assert sample.inside.sum().item() == pytest.approx((end_s - start_s) / 2.0)


def test_windows_move_with_the_epoch(stores: tuple[FeatureStore, FeatureStore]) -> None:
    offsets = {
        GroundingDataset([query(90.0, 94.0)], *stores, clip_s=2.0, window_clips=16, epoch_seed=seed)[0].offset
        for seed in range(12)
    }
    assert len(offsets) > 3


def test_a_moment_longer_than_the_window_is_cut(stores: tuple[FeatureStore, FeatureStore]) -> None:
    sample = GroundingDataset([query(20.0, 120.0)], *stores, clip_s=2.0, window_clips=16)[0]
    assert sample.span.tolist() == [0, 16]
    assert sample.inside.tolist() == [1] * 16


def test_rivals_are_the_clips_of_other_queries_of_the_video(stores: tuple[FeatureStore, FeatureStore]) -> None:
    queries = [query(0.0, 4.0, "a"), query(10.0, 13.0, "b"), query(2.0, 6.0, "c", "short")]
    sample = GroundingDataset(queries, *stores, clip_s=2.0)[0]
    assert sample.other_moments.nonzero().flatten().tolist() == [5, 6]


def test_a_batch_pads_with_zeros_and_says_so(stores: tuple[FeatureStore, FeatureStore]) -> None:
    queries = [query(4.0, 6.0, "a", "short"), query(150.0, 160.0, "b")]
    rows = GroundingDataset(queries, *stores, clip_s=2.0)
    sentences = {q.text: (torch.ones(n, 5), torch.zeros(2)) for q, n in zip(queries, (3, 8), strict=True)}
    batch = Collator(sentences)([rows[0], rows[1]])
    assert batch.clips.index.shape == (2, 100, 2)
    assert batch.clips.mask.sum(-1).tolist() == [7, 100]
    assert batch.clips.index[0, 7:].abs().sum() == 0
    assert batch.text.mask.sum(-1).tolist() == [3, 8]
    assert batch.duration_s.tolist() == [14.0, 200.0]
    assert batch.qids == ("a", "b")


@pytest.mark.parametrize("span", [(0.0, 4.0), (1.25, 1.75), (0.5, 3.9), (2.0, 2.0)])
def test_shares_sum_to_the_length_of_the_moment(span: tuple[float, float]) -> None:
    assert share_inside(np.array(span), 4).sum() == pytest.approx(span[1] - span[0])


def test_a_moment_on_the_clip_grid_has_as_many_true_clips_as_the_grid_gives_it() -> None:
    clip_s = 16 / 30
    grid = ClipGrid(60.0, clip_s)
    for first in range(30):
        for stop in range(first + 1, 40):
            start_s, end_s = first * clip_s, stop * clip_s
            inside = share_inside(np.array([start_s / clip_s, end_s / clip_s]), grid.n_clips)
            assert np.flatnonzero(inside).tolist() == list(grid.clips_of(start_s, end_s))


@pytest.mark.parametrize("span", [(1.0, 1.0004), (1.9999, 2.0001)])
def test_a_moment_of_less_than_the_slack_keeps_a_true_clip(span: tuple[float, float]) -> None:
    assert share_inside(np.array(span), 4).sum() > 0
