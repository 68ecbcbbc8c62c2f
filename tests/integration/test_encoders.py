"""Every family of encoders takes the whole way, on tiny models with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spotvmr.config import Config, compose
from spotvmr.errors import UserError
from spotvmr.extraction.prepare import prepare
from spotvmr.features import FeatureStore
from spotvmr.pipeline.train import train

TINY = ["index.family=open_clip", "index.model=tiny-test", "index.pretrained=random"]


def composed(small: list[str], tmp_path: Path, *words: str) -> Config:
    """The small world with features and runs in a folder of their own."""
    return compose([*small, *words, f"paths.features={tmp_path}/features", f"paths.runs={tmp_path}/runs"])


def test_rio_over_a_clip_model(small: list[str], tmp_path: Path) -> None:
    config = composed(small, tmp_path, "index=rio", *TINY)
    done = train(config)
    assert done is not None
    index = FeatureStore.open(tmp_path / "features/demo/index-rio")
    assert index.key.parts == {"room": 48, "interaction": 48, "object": 48}
    raw = FeatureStore.open(tmp_path / "features/demo/index-rio-raw")
    assert raw.key.parts == {"image": 48}
    assert raw.video_ids == index.video_ids
    assert done.student.cost.stages["index"]["gflops"] > 0
    rates = [json.loads((store.path / "timing.json").read_text())["encode_s"] for store in (raw, index)]
    assert 0 < rates[0] < rates[1]


def test_the_projection_is_fitted_once_on_training_videos_and_used_again(small: list[str], tmp_path: Path) -> None:
    config = composed(small, tmp_path, "index=rio", *TINY)
    first = prepare(config)
    path = tmp_path / "features/demo/index-rio.projection.safetensors"
    before = path.stat().st_mtime_ns
    again = prepare(config)
    assert path.stat().st_mtime_ns == before
    assert again.index.key == first.index.key
    text = next(iter(first.sentences))
    assert first.sentences[text][1].shape == (first.index.dim,)
    # Without a training split, what was fitted before serves; other training videos need another projection.
    untrained = composed(small, tmp_path, "index=rio", *TINY, "dataset.train=null", "dataset.val=null")
    assert prepare(untrained).index.key == first.index.key
    fewer = composed(small, tmp_path, "index=rio", *TINY, "dataset.train=val.jsonl", "dataset.val=null")
    assert prepare(fewer).index.key.differences(first.index.key).startswith("weights_hash")
    path.unlink()
    with pytest.raises(UserError, match=r"needs training videos to fit its projection: set dataset\.train"):
        prepare(untrained)


def test_bam_over_a_clip_model(small: list[str], tmp_path: Path) -> None:
    config = composed(small, tmp_path, "index=bam", *TINY, "selector=similarity")
    done = train(config)
    assert done is not None
    index = FeatureStore.open(tmp_path / "features/demo/index-bam")
    assert index.key.parts == {"background": 48, "appearance": 48, "motion": 6}
    raw = FeatureStore.open(tmp_path / "features/demo/index-bam-raw")
    video = index.video_ids[0]
    parts = index.read(video).astype(float)
    assert abs(parts[:, :48] + parts[:, 48:96] - raw.read(video)).max() < 0.02
    assert parts[:, 96:].std(0).min() > 0


def test_a_timm_index_with_hashed_words(small: list[str], tmp_path: Path) -> None:
    index = ["index.name=vit", "index.family=timm", "index.model=test_vit", "index.pretrained=random"]
    done = train(composed(small, tmp_path, *index, "text=words"))
    assert done is not None
    assert done.student.cost.stages["text"]["gflops"] == 0
    with pytest.raises(UserError, match="the timm family has no text encoder"):
        prepare(composed(small, tmp_path, *index))
