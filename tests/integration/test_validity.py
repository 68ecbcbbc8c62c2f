"""Artefacts are used again exactly while what they were made from is the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from spotvmr import Retriever
from spotvmr.config import Config, compose
from spotvmr.errors import UserError
from spotvmr.extraction import encoding
from spotvmr.features import FeatureStore
from spotvmr.pipeline.evaluate_run import EvalRequest, evaluate_run
from spotvmr.pipeline.folders import WEIGHTS
from spotvmr.pipeline.train import Trained, train
from spotvmr.training.fit import FitPlan
from spotvmr.types.record import read_record
from spotvmr.video import probe
from spotvmr.video.writer import VideoWriter


@pytest.fixture(scope="module")
def made(home: Path, small: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of files with its features and a trained run."""
    train(compose(small))  # makes the world
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(home / "data" / "demo", folder / "data" / "own")
    train(settings(folder, small))
    return folder


def settings(folder: Path, small: list[str]) -> Config:
    words = [f"paths.{name}={folder}/{name}" for name in ("data", "features", "runs")]
    return compose([*small, *words, "dataset.name=own", "dataset.world=null"])


@pytest.fixture
def own(made: Path, small: list[str], tmp_path: Path) -> Config:
    """A copy of all that."""
    for name in ("data", "features", "runs"):
        shutil.copytree(made / name, tmp_path / name)
    return settings(tmp_path, small)


def trained(config: Config) -> Trained:
    done = train(config)
    assert done is not None
    return done


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders in which something was trained."""
    from spotvmr.pipeline import weights

    folders: list[Path] = []
    real: Callable[..., Any] = weights.fit

    def fit(module: Any, data: Any, plan: FitPlan) -> Any:
        folders.append(plan.folder)
        return real(module, data, plan)

    monkeypatch.setattr(weights, "fit", fit)
    return folders


def rows(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines(keepends=True)


def test_a_changed_test_file_gives_a_new_record_and_trains_nothing(own: Config, fits: list[Path]) -> None:
    before = trained(own).student
    fits.clear()
    path = Path(own.dataset.root) / "test.jsonl"
    path.write_text("".join(rows(path)[:3]), encoding="utf-8")
    after = trained(own).student
    assert before.n_queries > after.n_queries == 3
    assert after.annotations_digest != before.annotations_digest
    assert fits == []
    assert read_record(Path(own.paths.runs) / own.name / "record.json").n_queries == 3


def test_another_test_file_gives_another_record(own: Config, fits: list[Path]) -> None:
    trained(own)
    fits.clear()
    folder = Path(own.dataset.root)
    (folder / "other.jsonl").write_text("".join(rows(folder / "test.jsonl")[:2]), encoding="utf-8")
    assert trained(replace(own, dataset=replace(own.dataset, test="other.jsonl"))).student.n_queries == 2
    assert fits == []


def test_changed_training_queries_train_again(own: Config, fits: list[Path]) -> None:
    trained(own)
    fits.clear()
    path = Path(own.dataset.root) / "train.jsonl"
    path.write_text("".join(rows(path)[:-1]), encoding="utf-8")
    trained(own)
    assert len(fits) == 2


@pytest.mark.parametrize("word", ["model.top_k=3", "model.nms_iou=0.3", "selector.rerank=0.1"])
def test_settings_of_evaluation_alone_give_a_new_record_and_train_nothing(
    own: Config, fits: list[Path], word: str
) -> None:
    trained(own)
    fits.clear()
    group, _, rest = word.partition(".")
    name, _, value = rest.partition("=")
    kind = type(getattr(getattr(own, group), name))
    other = replace(own, **{group: replace(getattr(own, group), **{name: kind(value)})})
    done = trained(other)
    assert done.student.config[group][name] == kind(value)
    assert fits == []


def replace_video(path: Path) -> None:
    """Another picture under the same name and of the same length."""
    info = probe(path)
    with VideoWriter(path, info.width, info.height, 10, 1.0) as writer:
        for number in range(round(info.duration_s * 10)):
            writer.write(np.full((info.height, info.width, 3), number % 256, np.uint8))


def test_a_replaced_video_replaces_its_own_rows_and_nothing_else(
    own: Config, fits: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = trained(own)
    folder = Path(own.paths.features) / "own"
    stores = {
        name: FeatureStore.open(Path(own.paths.features) / "own" / name) for name in ("index-errands", "expert-errands")
    }
    kept = {name: {v: store.read(v).copy() for v in store.video_ids} for name, store in stores.items()}
    encoded: list[str] = []
    real = encoding.encoded

    def counted(chunks: Any, recipe: Any) -> Any:
        for video in real(chunks, recipe):
            encoded.append(video.video_id)
            yield video

    monkeypatch.setattr(encoding, "encoded", counted)
    changed = Path(own.dataset.root) / "videos" / "test_0000.mp4"
    replace_video(changed)
    fits.clear()
    after = trained(own)
    assert encoded == ["test_0000"]
    for name, features in kept.items():
        store = FeatureStore.open(folder / name)
        store.verify()
        same = {video: bool((store.read(video) == rows).all()) for video, rows in features.items()}
        assert [video for video, equal in same.items() if not equal] == ["test_0000"]
    assert fits == []  # a test video is no training video
    assert after.student.provenance["content"] != before.student.provenance["content"]


def test_a_replaced_training_video_trains_again(own: Config, fits: list[Path]) -> None:
    trained(own)
    fits.clear()
    replace_video(Path(own.dataset.root) / "videos" / "train_0000.mp4")
    trained(own)
    assert len(fits) == 2


def test_a_broken_replacement_leaves_the_features_of_all_videos(own: Config) -> None:
    trained(own)
    store = Path(own.paths.features) / "own" / "index-errands"
    before = (store / "manifest.json").read_bytes()
    (Path(own.dataset.root) / "videos" / "test_0000.mp4").write_bytes(b"no video")
    with pytest.raises(UserError, match="test_0000"):
        train(own)
    assert (store / "manifest.json").read_bytes() == before
    FeatureStore.open(store).verify()


@pytest.mark.parametrize("role", ["index", "expert"])
def test_encoders_that_a_run_was_not_trained_on_are_refused_and_its_record_stays(own: Config, role: str) -> None:
    folder = trained(own).folder
    record = (folder / "record.json").read_bytes()
    with safe_open(folder / WEIGHTS, "pt") as file:
        metadata = file.metadata()
    identity = json.loads(metadata["identity"])
    identity["features"][role]["weights_hash"] = "0" * 16
    save_file(load_file(folder / WEIGHTS), folder / WEIGHTS, metadata | {"identity": json.dumps(identity)})
    for use in (lambda: evaluate_run(folder, EvalRequest("test")), lambda: Retriever.from_run(folder)):
        with pytest.raises(UserError, match=f"trained on other {role} features: their weights_hash was '0000"):
            use()
    assert (folder / "record.json").read_bytes() == record


def test_weights_of_a_version_without_provenance_evaluate_and_search_and_are_trained_again(
    own: Config, fits: list[Path], caplog: pytest.LogCaptureFixture
) -> None:
    folder = trained(own).folder
    with safe_open(folder / WEIGHTS, "pt") as file:
        metadata = file.metadata()
    features = json.loads(metadata["identity"])["features"]
    old = {"seed": 0, "index_key": features["index"], "expert_key": features["expert"]}
    save_file(load_file(folder / WEIGHTS), folder / WEIGHTS, metadata | {"identity": json.dumps(old)})
    plain = json.loads((folder / "record.json").read_text())
    del plain["provenance"]
    (folder / "record.json").write_text(json.dumps(plain))
    Retriever.from_run(folder)
    assert evaluate_run(folder, EvalRequest("val"))[0].split == "val"
    fits.clear()
    caplog.set_level("INFO")
    trained(own)
    assert fits == [folder]
    assert "made by a version that did not save what it is made from" in caplog.text
