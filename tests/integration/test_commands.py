"""The commands, as they are typed."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from spotvmr.benchmarks.speed import indexing as index_speed
from spotvmr.cli.main import main
from spotvmr.cli.parsing.reads import settings_read_by
from spotvmr.extraction.encoding import Recipe
from spotvmr.types.record import read_record


def result(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """Run a command with ``--json``; its object."""
    assert main([*words, "--json"]) == 0
    parsed: dict[str, object] = json.loads(capsys.readouterr().out)
    return parsed


def test_train_ends_with_a_table_and_the_place_of_everything(
    small: list[str], home: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert main(["train", *small, "name=told"]) == 0
    assert "epoch 1/1: loss" in caplog.text
    lines = capsys.readouterr().out.strip().splitlines()
    assert any("teacher" in line and "student" in line for line in lines)
    assert lines[-1].endswith(f"{home}/runs/told")
    assert (home / "runs" / "told" / "timeline.png").stat().st_size > 10_000
    assert list((home / "runs" / "told" / "thumbnails").rglob("*.jpg")) != []
    page = home / "runs" / "dashboard.html"
    assert lines[-2].endswith(str(page))
    assert '"name":"told"' in page.read_text(encoding="utf-8")


def test_epoch_lines_and_record_can_be_switched_off(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    words = [*small, f"paths.runs={tmp_path}", "name=bare", "log.epochs=false", "log.record=false"]
    with caplog.at_level(logging.INFO):
        assert main(["train", *words]) == 0
    assert "epoch 1/1" not in caplog.text
    assert capsys.readouterr().out.splitlines()[-1] == f"weights: {tmp_path}/bare"
    written = ("record.json", "*.jsonl", "*.csv", "*.jpg", "*.png", "*.html")
    assert [path for pattern in written for path in tmp_path.rglob(pattern)] == []
    # The weights can be asked all the same.
    assert main(["evaluate", f"run={tmp_path}/bare"]) == 0
    assert (tmp_path / "bare" / "record.json").is_file()


def test_report_collects_an_experiment(
    small: list[str], home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", *small, "name=kept"]) == 0
    capsys.readouterr()
    target = tmp_path / "experiments" / "claim"
    found = result(capsys, "report", f"runs={home}/runs/kept", f"collect={target}", f"picture={tmp_path}/p.png")
    rows = [json.loads(line) for line in (target / "results.jsonl").read_text().splitlines()]
    assert [row["arm"] for row in rows] == ["kept"]
    assert rows[0]["experiment"] == "claim"
    assert rows[0]["metrics"] == read_record(home / "runs" / "kept" / "record.json").metrics
    assert len(found["records"]) == 1  # type: ignore[arg-type]
    assert (tmp_path / "p.png").is_file()


def test_demo_makes_videos_of_any_length(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from spotvmr.video import probe

    found = result(capsys, "demo", "minutes=0.5", "videos=2", f"paths.data={tmp_path}")
    assert found == {"root": f"{tmp_path}/demo-0.5min", "videos": 2}
    assert probe(tmp_path / "demo-0.5min" / "videos" / "test_0001.mp4").duration_s == pytest.approx(30.0)


@pytest.mark.parametrize("word", ["minutes=0", "minutes=long", "videos=-1"])
def test_demo_refuses_other_lengths(word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", word, f"paths.data={tmp_path}"]) == 2
    assert word.split("=")[0] in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.timeout(120)
def test_difficulty_check_measures_every_gate(small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    # An epoch on three short videos learns nothing, so that gates are missed: said in one line, exit code 2.
    assert main(["demo", "check", *small]) == 2
    shown = capsys.readouterr()
    assert "gates missed: teacher R1@0.3" in shown.err.strip().splitlines()[-1]
    for arm in ("teacher", "query alone", "none", "uniform", "random", "one_shot"):
        assert arm in shown.out


@pytest.mark.parametrize("word", ["selector=uniform", "selector.steps=2", "budget=0.2", "videos=3"])
def test_difficulty_check_refuses_what_it_would_not_heed(
    word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "check", word, f"paths.data={tmp_path}"]) == 2
    assert f"leave out {word.split('=')[0]}=" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_bench_measures_the_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/bin/spotvmr", "bench", "part=speed", "paths.runs=my runs"])
    found = result(capsys, "bench", "part=speed", f"paths.runs={tmp_path}")
    rows = {row["what"]: row for row in found["benchmarks"]}  # type: ignore[attr-defined]
    assert rows["store, gather 64 scattered clips"]["median"] > 0
    kept = json.loads((tmp_path / "bench" / "speed.json").read_text())
    assert kept["rows"] == found["benchmarks"]
    assert kept["command"] == "spotvmr bench part=speed 'paths.runs=my runs'"
    assert kept["hardware"]["cores"] >= 1


def test_index_with_two_processes_makes_the_same_bytes(
    small: list[str], home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = settings_read_by("index", small)
    one = result(capsys, "index", *words)
    two = result(capsys, "index", *words, "workers=2", f"paths.features={tmp_path}")
    for name in ("index", "expert"):
        paths = [Path(found[name]["path"]) / "features.bin" for found in (one, two)]  # type: ignore[index]
        assert paths[0] != paths[1]
        assert paths[0].read_bytes() == paths[1].read_bytes()


def test_an_unknown_engine_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["index", "engine=dask"]) == 2
    assert "engine=dask is unknown: choose from local, ray" in capsys.readouterr().err


def test_ray_without_its_extra_names_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert main(["index", "engine=ray"]) == 2
    assert "pip install 'spotvmr[cluster]'" in capsys.readouterr().err


def test_bench_compares_decoding_processes_within_each_round(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = {1: iter([100.0, 100.0, 200.0, 100.0, 100.0]), 2: iter([150.0, 180.0, 200.0, 170.0, 160.0])}
    decoding = index_speed._decoding

    def told(videos: Mapping[str, Path], recipe: Recipe, workers: int) -> float:
        assert decoding(videos, recipe, workers) > 0
        return next(measured[workers])

    monkeypatch.setattr(index_speed, "usable_cores", lambda: 2)
    monkeypatch.setattr(index_speed, "_decoding", told)
    words = ["part=index", "minutes=0.2", f"paths.data={tmp_path}", f"paths.runs={tmp_path}"]
    rows = result(capsys, "bench", *words)["benchmarks"]
    rates = {row["what"]: row["median"] for row in rows}  # type: ignore[attr-defined]
    assert (rates["decoding, 1 processes"], rates["decoding, 2 processes"]) == (100, 170)
    assert rates["decoding, 2 processes over 1"] == pytest.approx(1.6)  # of 1.5, 1.8, 1, 1.7, 1.6
