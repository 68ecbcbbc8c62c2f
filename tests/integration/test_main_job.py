"""The main job from nothing to a record, twice."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from spotvmr.config import Config, compose
from spotvmr.errors import UserError
from spotvmr.extraction.prepare import prepare
from spotvmr.pipeline.evaluate_run import EvalRequest, evaluate_run
from spotvmr.pipeline.folders import WEIGHTS, run_folder
from spotvmr.pipeline.train import train
from spotvmr.types.predictions import read_predictions
from spotvmr.types.record import read_record
from spotvmr.types.traces import Trace, read_traces


@pytest.fixture(scope="module")
def trained(small: list[str]) -> tuple[Config, Path]:
    """A trained run."""
    config = compose(small)
    done = train(config)
    assert done is not None
    return config, done.folder


def test_leaves_a_whole_record(trained: tuple[Config, Path]) -> None:
    config, folder = trained
    record = read_record(folder / "record.json")
    assert (record.dataset, record.split, record.selector, record.budget) == ("demo", "test", "spotter", 0.1)
    assert record.n_queries == len(read_predictions(folder / "predictions.jsonl"))
    assert record.n_videos == 2
    assert record.hours == pytest.approx(2 / 60)
    assert set(record.metrics) == {"R1@0.3", "R1@0.5", "R1@0.7", "R5@0.3", "R5@0.5", "mIoU"}
    assert 0 < record.cost.ratio_to_dense["q1"] < 0.5
    assert {"plain", "room"} & set(record.groups)
    assert compose([f"experiment={folder}/config.yaml"]) == config


def test_stages_add_up_to_the_cost_of_a_query(trained: tuple[Config, Path]) -> None:
    record = read_record(trained[1] / "record.json")
    total = sum(stage.get("gflops", 0.0) for stage in record.cost.stages.values())
    assert total / record.n_queries == pytest.approx(record.cost.gflops_per_query["q1"], rel=1e-6)


def test_no_query_exceeds_its_budget(trained: tuple[Config, Path]) -> None:
    config, folder = trained
    for prediction in read_predictions(folder / "predictions.jsonl"):
        assert len(prediction.selected_clips) == max(1, round(config.budget * 60))
        assert len(set(prediction.selected_clips)) == len(prediction.selected_clips)


def test_the_same_checkpoint_twice_gives_the_same_bytes(trained: tuple[Config, Path]) -> None:
    _, folder = trained
    before = (folder / "predictions.jsonl").read_bytes()
    evaluate_run(folder, EvalRequest("test"))
    assert (folder / "predictions.jsonl").read_bytes() == before


def test_a_second_call_uses_everything_again(trained: tuple[Config, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    config, _ = trained
    kept = {path: path.stat().st_mtime_ns for path in _artefacts(config)}
    monkeypatch.setattr("spotvmr.pipeline.weights.fit", _refuse)
    monkeypatch.setattr("spotvmr.extraction.encoding.encoded", _refuse)
    monkeypatch.setattr("spotvmr.worlds.build.make_world_video", _refuse)
    assert train(config) is not None
    assert {path: path.stat().st_mtime_ns for path in _artefacts(config)} == kept


@pytest.mark.parametrize("year_s", [0.0, 4e9], ids=["1970", "2096"])
def test_a_clock_that_jumped_makes_nothing_stale(
    trained: tuple[Config, Path], year_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, _ = trained
    for root in (config.paths.data, config.paths.features, run_folder(config)):
        for path in Path(root).rglob("*"):
            os.utime(path, (year_s, year_s))
    monkeypatch.setattr("spotvmr.pipeline.weights.fit", _refuse)
    monkeypatch.setattr("spotvmr.extraction.encoding.encoded", _refuse)
    monkeypatch.setattr("spotvmr.worlds.build.make_world_video", _refuse)
    assert train(config) is not None


def test_mixed_precision_leaves_a_record(config: Config) -> None:
    done = train(replace(config, trainer=replace(config.trainer, precision="bf16-mixed")))
    assert done is not None
    assert done.student.selection.fraction_max == pytest.approx(0.1)


def test_compiled_it_learns_the_same(
    trained: tuple[Config, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By the compiler's front alone: its back takes minutes, and rounds and draws dropout in its own way.
    front, parts = partial(nn.Module.compile, backend="eager"), []
    monkeypatch.setenv("CXX", sys.executable)  # any program will do
    monkeypatch.setattr(nn.Module, "compile", lambda part: (parts.append(type(part).__name__), front(part)))
    config, folder = trained
    runs = replace(config.paths, runs=str(tmp_path))
    done = train(replace(config, paths=runs, trainer=replace(config.trainer, compile=True)))
    assert done is not None
    assert parts.count("CrossModalEncoder") >= 3  # teacher's, student's, spotter's
    assert done.student.metrics == pytest.approx(read_record(folder / "record.json").metrics)
    assert (done.folder / "predictions.jsonl").read_bytes() == (folder / "predictions.jsonl").read_bytes()


def test_other_steps_at_test_need_no_training(trained: tuple[Config, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    config, folder = trained
    asked_in = {qid: len(trace.steps) for qid, trace in _traces(folder).items()}
    assert set(asked_in.values()) == {config.selector.steps}
    monkeypatch.setattr("spotvmr.pipeline.weights.fit", _refuse)
    assert train(replace(config, selector=replace(config.selector, steps=2))) is not None
    assert {len(trace.steps) for trace in _traces(folder).values()} == {2}
    assert train(config) is not None
    assert {qid: len(trace.steps) for qid, trace in _traces(folder).items()} == asked_in


def _traces(folder: Path) -> dict[str, Trace]:
    return {trace.qid: trace for trace in read_traces(folder / "traces.jsonl")}


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("trained, indexed or generated again")


def _artefacts(config: Config) -> list[Path]:
    roots = [Path(config.paths.data), Path(config.paths.features), run_folder(config)]
    suffixes = (".mp4", ".npz", ".jsonl", ".bin", ".safetensors")
    return [path for root in roots for path in sorted(root.rglob("*")) if path.suffix in suffixes]


def test_another_budget_lands_in_a_folder_of_its_own(trained: tuple[Config, Path]) -> None:
    _, folder = trained
    record, where = evaluate_run(folder, EvalRequest("val", 0.5))
    assert where == folder / "val-0.5"
    assert record.selection.fraction_max == pytest.approx(0.5)
    assert read_record(folder / "record.json").budget == 0.1


def test_a_checkpoint_of_another_model_is_refused(trained: tuple[Config, Path], tmp_path: Path) -> None:
    _, folder = trained
    other = tmp_path / "other"
    other.mkdir()
    (other / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes())
    text = (folder / "config.yaml").read_text().replace("dim: 16", "dim: 32")
    (other / "config.yaml").write_text(text)
    with pytest.raises(UserError, match="weights of another model"):
        evaluate_run(other, EvalRequest("test"))


def test_features_of_another_encoder_are_refused(config: Config) -> None:
    bench = prepare(config)
    manifest = bench.index.path / "manifest.json"
    before = manifest.read_text()
    changed = json.loads(before)
    changed["key"]["weights_hash"] = "0" * 16
    manifest.write_text(json.dumps(changed))
    try:
        with pytest.raises(UserError, match="weights_hash"):
            prepare(config)
    finally:
        manifest.write_text(before)


def test_an_interrupted_training_goes_on_to_the_same_weights(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    epochs = replace(config.trainer, teacher_epochs=2, student_epochs=1)
    whole = replace(config, name="whole", trainer=epochs, paths=replace(config.paths, runs=config.paths.runs + "/a"))
    cut = replace(config, name="whole", trainer=epochs, paths=replace(config.paths, runs=config.paths.runs + "/b"))
    train(whole)

    def stop_after_first_epoch(self: object, trainer: object, module: object) -> None:
        if trainer.current_epoch == 1:
            raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("spotvmr.training.callbacks.EpochLine.on_train_epoch_start", stop_after_first_epoch)
        with pytest.raises(RuntimeError, match="killed"):
            train(cut)
    train(cut)
    weights = [next(Path(c.paths.runs).glob("demo-teacher-*")) / WEIGHTS for c in (whole, cut)]
    from safetensors.torch import load_file

    first, second = (load_file(path) for path in weights)
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=0, atol=0)
