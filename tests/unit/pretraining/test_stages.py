"""Pre-training of the demo's encoders: labels, warps, batches, losses, and the whole job in small."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from spotvmr.config import Config, PathsConfig, WorldConfig
from spotvmr.encoders import build_expert, build_index, build_text_encoder
from spotvmr.encoders.text.words import split_words
from spotvmr.errors import UserError
from spotvmr.pretraining.augment import FrameBatch, Warp, vary
from spotvmr.pretraining.cache import ROW, PoolVideo, open_pool
from spotvmr.pretraining.captions import Captioner, world_words
from spotvmr.pretraining.clips import EncodedVideo, clip_targets, expert_samples, gather_clips, ranks, same_meaning
from spotvmr.pretraining.frames import frame_targets
from spotvmr.pretraining.heads import Classes, contrast, spot_losses, things_in_view
from spotvmr.pretraining.stages import PretrainPlan, pretrain
from spotvmr.types import ClipGrid
from spotvmr.video import clip_times
from spotvmr.worlds import WorldSettings, generate

CLASSES = Classes(rooms=8, shapes=12, colours=6, actions=8)
SMALL = WorldSettings(minutes=0.5, train_videos=0, val_videos=0, test_videos=0, pool_videos=2)


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> list[PoolVideo]:
    root = tmp_path_factory.mktemp("pool")
    generate(SMALL, root, workers=1)
    return open_pool(root, root / "cache", 1.0, CLASSES)


def test_samples_and_frames_are_in_step(pool: list[PoolVideo]) -> None:
    for video in pool:
        assert video.samples == len(video.index_frames) == len(video.expert_frames) == 300
        assert video.index_frames.shape[1:] == (54, 96, 3)
        assert video.expert_frames.shape[1:] == (72, 128, 3)
        labels = video.labels
        assert 0 < len(video.busy_samples) < 300
        assert ((labels["shape"] < 12) == (labels["colour"] < 6)).all()
        assert (labels["shape"][labels["action"] < 8] < 12).all()


def test_the_labelled_object_moves_where_the_pixels_move(pool: list[PoolVideo]) -> None:
    # Between neighbouring frames most change is near the hand and its object.
    video = pool[0]
    acting = [k for k in range(1, 300) if video.labels["action"][k] < 8 and video.labels["action"][k - 1] < 8]
    near = []
    for k in acting:
        change = np.abs(video.expert_frames[k].astype(int) - video.expert_frames[k - 1]).sum(2).astype(float)
        x, y = (video.labels["spots"][k, 1, :2] + 1) / 2 * (128, 72)
        ys, xs = np.mgrid[:72, :128]
        near.append(change[np.hypot(xs - x, ys - y) < 20].mean() / (change.mean() + 1e-6))
    assert np.median(near) > 2


def test_a_second_opening_decodes_nothing(pool: list[PoolVideo], tmp_path: Path) -> None:
    generate(SMALL, tmp_path, workers=1)
    open_pool(tmp_path, tmp_path / "cache", 1.0, CLASSES)
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cache").iterdir()}
    assert len(before) == 4
    again = open_pool(tmp_path, tmp_path / "cache", 1.0, CLASSES)
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "cache").iterdir()} == before
    assert all((a.expert_frames == b.expert_frames).all() for a, b in zip(again, pool, strict=True))


def test_expert_samples_are_those_a_reader_would_give() -> None:
    times = clip_times(ClipGrid(10.0, 1.0), 3, 8)
    assert expert_samples().tolist() == [int((t - 3) * 10 + 1e-9) for t in times]


def warp(**changes: float) -> Warp:
    values = {"turn": 0.0, "zoom": 1.0, "mirror": 1.0} | changes
    return Warp(
        *(torch.tensor([values[k]]) for k in ("turn", "zoom", "mirror")), shift=torch.zeros(1, 2), aspect=16 / 9
    )


def test_a_quarter_turn_is_clockwise_and_keeps_lengths_in_pixels() -> None:
    # 45 of 90 pixels above the middle becomes 45 of 160 to its right.
    moved = warp(turn=math.pi / 2).places(torch.tensor([[[0.0, -1.0]]]))
    torch.testing.assert_close(moved, torch.tensor([[[9 / 16, 0.0]]]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("seed", range(4))
def test_pixels_go_where_the_labels_say(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frames = torch.zeros(6, 3, 72, 128, dtype=torch.uint8)
    rows = np.zeros(6, ROW)
    rows["things"][:, :, 2] = -1
    for i in range(6):
        x, y = rng.integers(40, 88), rng.integers(25, 47)
        frames[i, :, y - 1 : y + 2, x - 1 : x + 2] = 255
        rows["spots"][i, :, :] = (x + 0.5) / 64 - 1, (y + 0.5) / 36 - 1, 1
    out = vary(FrameBatch(frames[:, :, ::2, ::2].clone(), frames, frame_targets(rows)), rng)
    for picture, (x, y, seen) in zip(out.expert_frames, out.targets.spots[:, 1], strict=True):
        assert seen
        bright = picture.float().sum(0)
        ys, xs = torch.where(bright >= bright.max() * 0.6)
        assert abs(float(xs.float().mean() + 0.5) / 64 - 1 - float(x)) < 1.5 / 64
        assert abs(float(ys.float().mean() + 0.5) / 36 - 1 - float(y)) < 1.5 / 36


def test_mirroring_turns_angles_round() -> None:
    rows = np.zeros(1, ROW)
    rows["pose"] = (1.0, math.cos(0.3), math.sin(0.3))
    _, cosine, sine = warp(mirror=-1.0, turn=0.2).targets(frame_targets(rows)).pose[0]
    assert math.atan2(sine, cosine) == pytest.approx(-0.1, abs=1e-6)


def test_what_leaves_the_frame_is_out_of_view() -> None:
    rows = np.zeros(1, ROW)
    rows["spots"][:] = (0.9, 0.0, 1.0)
    rows["things"][0, 0] = (0.9, 0.0, 3, 2)
    out = warp(zoom=1.2).targets(frame_targets(rows))
    assert out.spots[0, :, 2].tolist() == [0, 0]
    assert out.things[0, 0, 2] == -1


def test_clip_labels_are_shares_of_time() -> None:
    rows = np.zeros((1, 10), ROW)
    rows["action"] = [8] * 3 + [2] * 7
    out = clip_targets(rows, CLASSES)
    assert out.action[0].tolist() == pytest.approx([0, 0, 0.7, 0, 0, 0, 0, 0, 0.3])
    assert out.room[0].tolist() == [1] + [0] * 7


def test_captions_belong_to_the_first_clips(pool: list[PoolVideo]) -> None:
    seen = EncodedVideo(pool[0], torch.arange(300.0).view(300, 1).expand(300, 96), torch.zeros(300, 121))
    batch = gather_clips([(seen, k) for k in range(0, 290, 10)], CLASSES, Captioner(np.random.default_rng(0)))
    busy = int((batch.labels[:, 1] < 12).sum())
    assert len(batch.captions) == len(batch.caption_labels) == busy > 0
    assert (batch.labels[:busy, 1] < 12).all()
    assert (batch.labels[:busy, 1:3] == batch.caption_labels[:, 1:3]).all()
    assert ((batch.caption_labels[:, 0] == batch.labels[:busy, 0]) | (batch.caption_labels[:, 0] == -1)).all()
    words = set(world_words([]))
    assert {w for text in batch.captions for w in split_words(text)} <= words | set(
        world_words(text for video in pool for text, _, _ in video.queries)
    )


def test_what_a_caption_leaves_open_fits_anything() -> None:
    rows = np.zeros((3, 10), ROW)
    rows["room"][2] = 5
    seen = EncodedVideo(
        PoolVideo("v", np.zeros(0), np.zeros(0), rows.reshape(-1), np.zeros(0, np.int64), ()),
        torch.zeros(30, 96),
        torch.zeros(30, 121),
    )
    rows["spots"][:, :, 1, 2] = 1
    batch = gather_clips([(seen, 0), (seen, 10), (seen, 20)], CLASSES, Captioner(np.random.default_rng(0)))
    batch.caption_labels[:] = torch.tensor([[-1, 0, 0, -1], [0, 0, 0, 0], [1, 0, 0, 5]])
    assert same_meaning(batch, with_action=False).tolist() == [[True] * 3, [True, True, False], [False, False, True]]
    assert same_meaning(batch, with_action=True).tolist() == [[True] * 3, [True, True, False], [False] * 3]


def test_contrast_is_the_cross_entropy_over_what_is_not_excused() -> None:
    rows, columns = torch.eye(2), torch.tensor([[1.0, 0], [0, 1], [0.6, 0.8]])
    excused = torch.tensor([[True, False, True], [False, False, False]])
    scale = torch.tensor(math.log(2.0))
    first = -math.log(math.exp(2) / (math.exp(2) + 1))
    second = -math.log(math.exp(2) / (1 + math.exp(2) + math.exp(1.6)))
    assert contrast(rows, columns, scale, excused).item() == pytest.approx((first + second) / 2, rel=1e-5)


def test_ranks_count_the_clips_below() -> None:
    scores = torch.tensor([[0.5, 0.1, 0.9, 0.2]])
    assert ranks(scores, torch.tensor([[True, False, False, False]])).tolist() == pytest.approx([2 / 3])
    assert ranks(scores, torch.tensor([[True, False, True, False]])).tolist() == [1]


def test_spot_losses_fall_to_the_right_place() -> None:
    spots = torch.tensor([[[-0.375, 0.75, 1.0], [0.0, 0.0, 0.0]]])
    right, wrong = torch.full((1, 2, 4, 8), -9.0), torch.full((1, 2, 4, 8), -9.0)
    right[0, 0, 3, 2], wrong[0, 0, 0, 7] = 9, 9
    good = spot_losses(right, torch.tensor([[[-0.375, 0.75], [0.9, 0.9]]]), spots)
    bad = spot_losses(wrong, torch.tensor([[[0.875, -0.75], [0.9, 0.9]]]), spots)
    assert good["place"] == 0
    assert bad["place"].item() == pytest.approx(4 * 2.75)
    assert good["heat"] < bad["heat"]


def test_objects_in_view_are_a_multi_hot_vector() -> None:
    things = torch.tensor([[[0, 0, 1, 2], [0, 0, -1, 2], [0, 0, 1, 2], [0, 0, 11, 5]]]).float()
    assert things_in_view(things, 6, 72).nonzero()[:, 1].tolist() == [8, 71]


def config(tmp_path: Path) -> Config:
    small = WorldConfig(train_videos=1, val_videos=0, test_videos=0)
    made = Config(paths=PathsConfig(*(str(tmp_path / k) for k in ("data", "features", "runs"))), name="tiny")
    made.dataset.world = small
    return made


def test_the_whole_job_leaves_encoders_that_load(tmp_path: Path) -> None:
    plan = PretrainPlan(3, 0.5, 1, 1, 2, 16, 1, 2, 16)
    told: list[str] = []
    scores = pretrain(config(tmp_path), told.append, plan=plan)
    out = tmp_path / "runs" / "tiny" / "pretrain"
    report = json.loads((out / "report.json").read_text())
    assert report["scores"] == pytest.approx(scores, nan_ok=True)
    assert report["plan"] == asdict(plan)
    assert {"index_room", "sight_shape", "expert_room", "text_index_auc"} <= scores.keys()
    assert all(math.isfinite(v) for v in scores.values())
    assert str(out) in told[-1]
    clip = torch.randint(0, 255, (1, 8, 3, 90, 160), dtype=torch.uint8)
    assert build_index("errands", pretrained=str(out))(clip).shape == (1, 96)
    assert build_expert("errands", pretrained=str(out))(clip).shape == (1, 128)
    assert build_text_encoder("errands", pretrained=str(out)).encode(["shake the red mug"]).tokens.shape == (1, 5, 96)
    assert len(list((tmp_path / "features" / "demo-pool").glob("*.npy"))) == 6


def test_only_a_generated_data_set_has_a_pool(tmp_path: Path) -> None:
    foreign = config(tmp_path)
    foreign.dataset.world = None
    with pytest.raises(UserError, match="pretrain needs dataset=demo"):
        pretrain(foreign)
