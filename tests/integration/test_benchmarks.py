"""Every benchmark's settings, on a tiny copy of it: train, evaluate, record; from its features, and from video."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from benchmark_fixtures import SECONDS, annotate, write_features, write_videos

from spotvmr.cli.main import main
from spotvmr.cli.parsing.reads import settings_read_by
from spotvmr.config import Config, compose
from spotvmr.config.folders import choices
from spotvmr.errors import UserError
from spotvmr.extraction.prepare import prepare
from spotvmr.features import FeatureStore
from spotvmr.pipeline.evaluate_run import EvalRequest, evaluate_run
from spotvmr.pipeline.train import train
from spotvmr.types.predictions import read_predictions
from spotvmr.types.record import read_record

BENCHMARKS = [name for name in choices("dataset") if compose([f"dataset={name}"]).dataset.world is None]
TINY = ["trainer=fast", "model.dim=16", "model.conv_layers=1", "trainer.accelerator=cpu"]
FROM_VIDEO = ["index=errands", "expert=errands", "text=index"]


def words_of(folder: Path, name: str, *words: str) -> list[str]:
    """The words that train on a benchmark whose data lie below ``folder``."""
    paths = [f"paths.{kind}={folder}/{kind}" for kind in ("data", "features", "runs")]
    share = [] if compose([f"dataset={name}"]).dataset.val else ["dataset.val_share=0.25"]
    return [f"dataset={name}", *TINY, *paths, "text=words", *share, *words]


def made(folder: Path, name: str, *words: str) -> Config:
    """A tiny copy of a benchmark, with annotations and imported features."""
    config = compose(words_of(folder, name, *words))
    annotate(config)
    write_features(config)
    return config


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_trains_from_its_features(name: str, tmp_path: Path) -> None:
    config = made(tmp_path, name)
    assert (config.index.family, config.expert.family) == ("imported", "imported")
    done = train(config)
    assert done is not None
    record = read_record(done.folder / "record.json")
    assert (record.dataset, record.n_queries, record.iou_rule) == (name, 3, config.dataset.iou_rule)
    assert record.hours == pytest.approx(SECONDS / 3600)
    assert len(read_predictions(done.folder / "predictions.jsonl")) == 3
    assert_modelled(config, record.cost.source, record.cost.stages)
    again, where = evaluate_run(done.folder, EvalRequest("test", 0.5))
    assert where == done.folder / "test-0.5"
    assert again.selection.fraction_max == pytest.approx(0.5, abs=0.06)
    assert not (tmp_path / "data" / name / str(config.dataset.videos)).exists()


def assert_modelled(config: Config, source: str, stages: dict[str, dict[str, float]]) -> None:
    """The costs of imported features are those that were declared, and no seconds are made up."""
    assert source == "modelled"
    declared = config.index.imported
    assert declared is not None
    assert declared.rate is not None
    clips = -(-SECONDS // config.dataset.clip_s)
    per_clip = declared.gflops * declared.rate * config.dataset.clip_s
    assert stages["index"]["gflops"] == pytest.approx(3 * clips * per_clip)
    assert stages["expert"]["gflops"] > 0
    for stage in ("decode", "index", "expert"):
        assert stages[stage]["seconds"] == 0
    assert stages["decode"]["frames"] == 0


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if compose([f"dataset={name}"]).dataset.videos])
def test_a_benchmark_trains_from_video(name: str, tmp_path: Path) -> None:
    config = compose(words_of(tmp_path, name, *FROM_VIDEO))
    annotate(config)
    write_videos(config)
    done = train(config)
    assert done is not None
    assert (done.student.dataset, done.student.n_queries, done.student.cost.source) == (name, 3, "measured")


@pytest.mark.parametrize("role", ["index", "expert"])
def test_one_encoder_may_be_imported_and_the_other_computed(role: str, tmp_path: Path) -> None:
    other = {"index": "expert", "expert": "index"}[role]
    config = made(tmp_path, "qvhighlights", f"{other}=errands", "text=words")
    write_videos(config)
    bench = prepare(config)
    assert bench.videos
    assert all(bench.index.n_clips(v) == bench.expert.n_clips(v) == 10 for v in bench.videos)
    done = train(config)
    assert done is not None
    stages = done.student.cost.stages
    assert done.student.cost.source == "modelled"
    assert stages[role]["seconds"] == 0
    assert stages[other]["seconds"] > 0
    assert stages["decode"]["seconds"] > 0


def test_joined_parts_train(tmp_path: Path) -> None:
    config = made(tmp_path, "qvhighlights", "expert=slowfast-clip-qvh")
    assert prepare(config).expert.key.parts == {"slowfast": 2304, "clip": 512}
    assert train(config) is not None


def test_clips_of_a_recording_get_their_own_stretch(tmp_path: Path) -> None:
    # Recordings of 60 s whose features are their own times; the clip is its middle third.
    config = made(tmp_path, "ego4d")
    for path in (Path(config.dataset.root) / "slowfast8x8_r101_k400").iterdir():
        import torch

        torch.save(torch.arange(112.0)[:, None].repeat(1, 2304) / 1.875 + 16 / 30, path)
    bench = prepare(config)
    times = bench.index.read("test0")[:, 0].astype(float)
    middles = SECONDS + (np.arange(38) + 0.5) * config.dataset.clip_s
    np.testing.assert_allclose(times, middles, atol=config.dataset.clip_s / 2 + 0.02)


def test_a_second_call_imports_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = made(tmp_path, "tacos")
    first = prepare(config)
    stamps = [(s.path / "features.bin").stat().st_mtime_ns for s in (first.index, first.expert)]
    monkeypatch.setattr("spotvmr.features.importers.declared.ImportedFeatures.read", None)
    again = prepare(config)
    assert [(s.path / "features.bin").stat().st_mtime_ns for s in (again.index, again.expert)] == stamps


def test_an_imported_index_has_no_text_tower(tmp_path: Path) -> None:
    config = made(tmp_path, "mad", "text=index")
    with pytest.raises(UserError, match=r"clip-mad is imported and has no text tower: set text="):
        prepare(config)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["index.imported.rate=5"], "true rate is about 0.5 a second; set index.imported.rate"),
        (["index.imported.parts={clip: 256}"], "has 512 channels, index.imported.parts.clip=256"),
        (["index.imported.path=nowhere"], "set index.imported.path"),
        (["index.imported.layout=zip"], "unknown index.imported.layout 'zip'"),
        (["index.imported.key=featurs"], "no array 'featurs': it has features"),
        (["index.imported.rate=null"], "set one of index.imported.rate"),
        (["index.imported.stride_s=2"], "set one of index.imported.rate"),
        (["index.imported.source=''"], "needs gflops"),
        (["index.imported.recordings=true"], "only ego4d-nlq does"),
        (["expert.imported=null"], "expert.family=imported without expert.imported"),
        (["index.imported.pats=x"], "did you mean 'index.imported.parts'?"),
    ],
)
def test_wrong_declarations_are_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path, "qvhighlights")
    assert main(["index", *settings_read_by("index", words_of(tmp_path, "qvhighlights", *words))]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert said in lines[-1]
    assert "Traceback" not in "".join(lines)


def test_a_stride_says_the_same_as_a_rate(tmp_path: Path) -> None:
    config = made(tmp_path, "qvhighlights")
    by_rate = prepare(config).index
    by_stride = compose(
        words_of(
            tmp_path, "qvhighlights", "index.imported.rate=null", "index.imported.stride_s=2", "paths.features=other"
        )
    )
    from spotvmr.assembly import build_encoders
    from spotvmr.features.importers import ImportedFeatures

    source = build_encoders(by_stride)[0]
    assert isinstance(source, ImportedFeatures)
    assert source.store_key(2.0) == by_rate.key


def test_a_video_without_features_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = made(tmp_path, "qvhighlights")
    next((Path(config.dataset.root) / "features" / "clip_features").glob("test0.npz")).unlink()
    assert main(["index", *settings_read_by("index", words_of(tmp_path, "qvhighlights"))]) == 2
    queries = sum(1 for line in (Path(config.dataset.root) / "highlight_val_release.jsonl").open() if '"test0"' in line)
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert "1 annotated videos are not in" in line
    assert f"first test0; {queries} of " in line
    with pytest.raises(UserError, match="no feature store"):
        FeatureStore.open(tmp_path / "features" / "qvhighlights" / "index-clip-qvh")


def test_the_command_tells_what_was_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(tmp_path, "mad")
    assert main(["index", *settings_read_by("index", words_of(tmp_path, "mad")), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["index"]["videos"], found["index"]["clips"], found["index"]["channels"]) == (6, 120, 512)
    shutil.rmtree(tmp_path / "features")
