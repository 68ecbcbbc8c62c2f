"""Recall against budget: controls, adaptive spending, and the bench that trains and asks every arm."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from spotvmr.benchmarks.recall import runs as recall_runs
from spotvmr.cli.main import main
from spotvmr.config import as_plain, compose, load
from spotvmr.config.folders import choices
from spotvmr.evaluation.evaluate import evaluate
from spotvmr.evaluation.inference import fixed_budget, request_of
from spotvmr.extraction.prepare import prepare
from spotvmr.features.samples import Collator, GroundingDataset
from spotvmr.pipeline.evaluate_run import EvalRequest, open_run
from spotvmr.pipeline.train import train
from spotvmr.training.fit import read_checkpoint
from spotvmr.types.predictions import read_predictions
from spotvmr.types.record import read_record, write_record

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture(scope="module")
def folder(small: list[str]) -> Path:
    """A trained spotter."""
    done = train(compose([*small, "name=recall"]))
    assert done is not None
    return done.folder


def evaluated(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> tuple[Path, dict[str, object]]:
    assert main(["evaluate", f"run={folder}", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    return Path(found["folder"]), found["record"]


def test_the_control_selects_the_same_clips_and_says_that_it_is_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where, record = evaluated(capsys, folder, "control=mask_only")
    assert where == folder / "test-0.1-mask_only"
    assert (record["control"], record["name"]) == ("mask_only", "recall-mask_only")
    plain, hidden = (read_predictions(path / "predictions.jsonl") for path in (folder, where))
    assert [p.selected_clips for p in plain] == [p.selected_clips for p in hidden]
    assert [p.moments for p in plain] != [p.moments for p in hidden]
    assert "control" not in json.loads((folder / "record.json").read_text())


def test_the_epoch_that_is_kept_is_the_best_at_two_budgets(folder: Path) -> None:
    with (folder / "curves" / "metrics.csv").open(newline="") as file:
        best = max(float(row["val/any_budget"]) for row in csv.DictReader(file) if row["val/any_budget"])
    data, system = open_run(folder, load(folder / "config.yaml"), EvalRequest("val"))
    system.rerank = 0.0  # the model alone is validated
    asked = [evaluate(system, data, data.splits["val"], fixed_budget(budget), 16) for budget in (0.1, 0.025)]
    assert sum(found.grounding.compute()["R1@0.3"] for found in asked) / 2 == pytest.approx(best)
    states = read_checkpoint(folder / "checkpoints" / "best.ckpt")["callbacks"].values()
    chosen = [state for state in states if "best_model_score" in state and state["monitor"]]
    assert [state["monitor"] for state in chosen] == ["val/any_budget"]


def test_adaptive_spending_keeps_its_cap_and_pays_for_every_level(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where, record = evaluated(capsys, folder, "adaptive=true", "budget=0.1")
    assert where == folder / "test-0.1-adaptive"
    spending = record["spending"]
    assert spending["levels"] == pytest.approx([0.025, 0.05, 0.1, 0.2, 0.4])
    assert spending["confidence"] in ("share", "margin")
    assert spending["val_mean"] <= 0.1
    fractions = [len(p.selected_clips) / 60 for p in read_predictions(where / "predictions.jsonl")]
    assert max(fractions) <= round(0.4 * 60) / 60
    assert record["selection"]["fraction_mean"] == pytest.approx(sum(fractions) / len(fractions))
    # Each level is a run of selector and VMR model.
    rounds = sum(int(level) * count for level, count in spending["stopped_at"].items())
    once_each = read_record(folder / "record.json")
    for stage in ("selection", "model"):
        a_round = once_each.cost.stages[stage]["gflops"] / once_each.n_queries
        assert record["cost"]["stages"][stage]["gflops"] == pytest.approx(
            rounds * a_round, rel=0.01
        )  # sentences differ in length
    assert sum(spending["stopped_at"].values()) == once_each.n_queries


def test_a_run_of_short_videos_is_asked_on_long_ones(
    folder: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = ["dataset.world.minutes=2", "dataset.world.test_videos=1"]
    where, record = evaluated(capsys, folder, "dataset=errands60", *world, f"paths.data={home}/data", "budget=0.05")
    assert where == folder / "errands60-test-0.05"
    assert (record["dataset"], record["n_videos"], record["hours"]) == ("errands60", 1, pytest.approx(2 / 60))
    assert record["selection"]["fraction_max"] == pytest.approx(6 / 120)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["control=mask"], "control=mask is unknown: choose from mask_only"),
        (["adaptive=maybe"], "adaptive=maybe is neither true nor false"),
        (["adaptive=true", "control=mask_only"], "do not go together"),
    ],
)
def test_wrong_questions_get_one_line(
    words: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", f"run={folder}", *words]) == 2
    assert said in capsys.readouterr().err


def test_an_arm_that_cannot_go_on_spends_no_budget_adaptively(
    small: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    done = train(compose([*small, "selector=uniform", "name=still"]))
    assert done is not None
    capsys.readouterr()
    assert main(["evaluate", f"run={done.folder}", "adaptive=true"]) == 2
    assert "selector=uniform does not" in capsys.readouterr().err


def test_the_bench_of_another_model_or_data_set_replaces_no_usual_run_or_record(
    small: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    planned: list[recall_runs.Run] = []
    monkeypatch.setattr(recall_runs, "make", planned.extend)
    for words in (["model=snag"], ["model=snag", "quick=true"], ["dataset.name=mine"], []):
        assert not (tmp_path / "experiments").exists()
        assert main(["bench", *small, f"paths.runs={tmp_path}/runs", "arms=uniform", "seeds=0", *words, "--json"]) == 0
    capsys.readouterr()
    folders = [Path(run.config.paths.runs).name for run in planned]
    assert folders == ["bench-snag", "bench-quick-snag", "bench-mine", "bench"]
    assert (tmp_path / "experiments/efficiency_recall/results.jsonl").is_file()


def test_the_quick_bench_is_a_small_part_of_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    planned: list[recall_runs.Run] = []
    monkeypatch.setattr(recall_runs, "make", planned.extend)
    assert main(["bench", f"paths.runs={tmp_path}/runs", "quick=true", "--json"]) == 0
    quick = list(planned)
    assert main(["bench", f"paths.runs={tmp_path}/runs", "--json"]) == 0
    usual = {run.config.name: run for run in planned[len(quick) :]}
    assert {"uniform-s0", "spotter-s0"} < {run.config.name for run in quick} < usual.keys()
    for run in quick:
        whole = usual[run.config.name]
        assert set(run.requests) < set(whole.requests)
        assert run.config.trainer.student_epochs < whole.config.trainer.student_epochs
        assert run.config.trainer.teacher_epochs < whole.config.trainer.teacher_epochs


def test_the_bench_trains_asks_and_tells_and_does_nothing_twice(
    small: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [*small, f"paths.runs={tmp_path}/runs", "arms=one_shot,spotter", "seeds=0", "budgets=0.05,0.1,0.25"]
    assert main(["bench", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    arms = {(row["arm"], row["budget"]) for row in found["rows"]}
    assert arms == {
        ("teacher", 1.0),
        *((arm, budget) for arm in ("one_shot", "spotter") for budget in (0.05, 0.1, 0.25)),
        ("one_shot-mask_only", 0.1),
        ("spotter-mask_only", 0.1),
        ("spotter-adaptive", 0.035),
        ("spotter-adaptive", 0.05),
    }
    assert found["areas"].keys() == {"one_shot", "spotter"}
    assert {gain["rival"] for gain in found["leads"]} == {"one_shot"}
    (lead,) = found["area_leads"]
    assert (lead["rival"], lead["low"], lead["high"]) == ("one_shot", 0.05, 0.25)
    assert lead["gain"]["mean"] == pytest.approx(found["areas"]["spotter"] - found["areas"]["one_shot"])
    lines = (tmp_path / "experiments/efficiency_recall/results.jsonl").read_text().splitlines()
    assert len(lines) == len(arms)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("made again")

    monkeypatch.setattr(recall_runs, "trained_student", refuse)
    monkeypatch.setattr(recall_runs, "score", refuse)
    assert main(["bench", *words, "log.epochs=false"]) == 0  # what is shown changes no answer
    assert "spotter - one_shot" in capsys.readouterr().out


def test_the_bench_sets_the_spotter_against_every_arm_from_a_file(
    small: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [*small, f"paths.runs={tmp_path}/runs", "seeds=0", "budgets=0.05,0.25", "--json"]
    assert main(["bench", *words, "arms=spotter"]) == 0
    capsys.readouterr()
    assert main(["bench", *words, f"arms={EXPERIMENTS / 'ablations' / 'no_rerank.yaml'}"]) == 0
    found = json.loads(capsys.readouterr().out)
    trained = {path.parent.name for path in (tmp_path / "runs/bench").glob("*-s0/checkpoints")}
    assert trained == {"spotter-s0"}  # the other differs only in how it is asked
    assert [(gain["rival"], gain["budget"]) for gain in found["leads"]] == [("no_rerank", 0.05), ("no_rerank", 0.25)]
    assert [lead["rival"] for lead in found["area_leads"]] == ["no_rerank"]
    assert (tmp_path / "experiments/ablations/results.jsonl").is_file()
    kept = json.loads((tmp_path / "experiments/ablations/table.json").read_text())
    assert {name: kept[name] for name in ("rows", "areas", "area_leads", "leads")} == {
        name: told for name, told in found.items() if name != "folder"
    }
    assert kept["hardware"]["cores"] > 0


def test_a_record_of_other_weights_is_made_again(small: list[str], tmp_path: Path) -> None:
    words = [*small, f"paths.runs={tmp_path}"]
    run = recall_runs.plan(words, "uniform", 0, [0.1, 0.5], "bench", controls=False)
    recall_runs.make([run])
    path = tmp_path / "bench/uniform-s0/test-0.5/record.json"
    record = read_record(path)
    write_record(replace(record, provenance={**record.provenance, "weights": "00000000"}, name="other"), path)
    recall_runs.make([run])
    assert read_record(path).provenance == record.provenance
    assert read_record(path).name == record.name


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["seeds=a"], "seeds=a are no whole numbers"),
        (["budgets=0"], "budgets=0 are no shares"),
        (["budgets=x"], "budgets=x are no shares"),
        (["arms=,"], "names none"),
        (["arms=sptter"], "unknown experiment 'sptter'"),
        (["quick=2"], "quick=2 is neither true nor false"),
        (["part=fast"], "part=fast is unknown"),
    ],
)
def test_wrong_options_of_the_bench_get_one_line(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *words]) == 2
    assert said in capsys.readouterr().err


ABLATIONS = sorted(path for name in ("ablations", "one_budget") for path in (EXPERIMENTS / name).glob("*.yaml"))


def test_every_ablation_is_no_other_and_no_arm(small: list[str]) -> None:
    arms = [*choices("selector"), *map(str, ABLATIONS)]
    planned = [recall_runs.plan(small, arm, 0, [0.25], "ablations", controls=False).config for arm in arms]
    settings = [as_plain(replace(config, name="")) for config in planned]
    assert all(one not in settings[:place] for place, one in enumerate(settings))


@pytest.mark.parametrize("path", ABLATIONS, ids=lambda path: path.stem)
def test_every_ablation_runs(path: Path, small: list[str], home: Path) -> None:
    run = recall_runs.plan(small, str(path), 0, [0.25], "ablations", controls=False)
    recall_runs.make([run])
    asked = 0.25 if run.config.trainer.any_budget else run.config.budget
    record = read_record(run.requests[0].place(home / "runs/ablations" / f"{path.stem}-s0", run.config) / "record.json")
    assert (record.arm, record.budget) == (path.stem, asked)


def test_an_index_part_that_is_left_out_reaches_neither_training_nor_test(small: list[str]) -> None:
    data = prepare(compose([*small, "index.drop=[room,object]"]))
    rows = Collator(data.sentences)([GroundingDataset(data.splits["test"], data.index, data.expert, 1.0)[0]])
    parts = list(data.index.key.parts.values())
    assert not rows.clips.index[..., : parts[0]].any()
    assert rows.clips.index[..., parts[0] : parts[0] + parts[1]].any()


def test_evaluation_selects_as_one_request_does(small: list[str]) -> None:
    data = prepare(compose(small))
    from spotvmr.assembly import build_student

    system = build_student(data.config, *data.dims).eval()
    queries = data.splits["test"][:3]
    found = evaluate(system, data, queries, fixed_budget(0.5), batch_size=2)
    rows = Collator(data.sentences)([GroundingDataset(queries, data.index, data.expert, 1.0)[0]])
    alone = system.selector(request_of(system, rows, 0.5)).chosen[0].nonzero().flatten().tolist()
    assert list(found.predictions[0].selected_clips) == alone
    assert set(found.rounds.values()) == {1}
