"""Weights & Biases without a server: what a run holds, and that nobody is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import wandb

from spotvmr.cli.main import main
from spotvmr.errors import UserError
from spotvmr.report import wandb_run
from spotvmr.report.wandb_workspace import build_workspace, save_workspace
from spotvmr.system.wandb_login import logged_in


@pytest.fixture
def wandb_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for everything that wandb writes."""
    home = tmp_path / "wandb-home"
    for name in ("WANDB_DIR", "WANDB_DATA_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    return home


@pytest.mark.timeout(300)
def test_a_run_holds_curves_scores_charts_queries_and_files(
    small: list[str], tmp_path: Path, wandb_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def look(run: Any, folder: Path, names: Any) -> None:
        seen.update(summary=dict(run.summary), config=dict(run.config), folder=folder)
        keep(run, folder, names)

    keep = wandb_run.log_artifacts
    monkeypatch.setattr(wandb_run, "log_artifacts", look)
    words = [*small, f"paths.runs={tmp_path}/runs", "name=w", "log.wandb=true", "trainer.student_epochs=2"]
    assert main(["train", *words]) == 0
    assert wandb.run is None  # closed
    summary, record = seen["summary"], json.loads((tmp_path / "runs/w/record.json").read_text())
    assert summary["test/R1@0.3"] == record["metrics"]["R1@0.3"]
    assert summary["cost/gflops_per_query"] == record["cost"]["gflops_per_query"]["q1"]
    assert set(summary) > {
        "val/fraction_mean", "val/gt_clip_recall", "val/selection_entropy", "train/lr", "train/queries_per_second",
        "teacher/R1@0.3", "efficiency_table", "queries", "trainer/global_step",
    }  # fmt: skip
    assert summary["queries"]["ncols"] == 9
    assert seen["config"]["trainer"]["student_epochs"] == 2
    runs = list(wandb_home.glob("wandb/offline-run-*"))
    assert len(runs) == 1
    header = (tmp_path / "runs/w/curves/metrics.csv").read_text().splitlines()[0].split(",")
    assert {"cost/gflops_per_query", "val/selection_entropy", "train/lr"} <= set(header)
    assert main(["train", *words]) == 0  # nothing to train, nothing to log
    assert list(wandb_home.glob("wandb/offline-run-*")) == runs


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_of_two_processes_one_logs(small: list[str], tmp_path: Path, wandb_home: Path) -> None:
    words = [*small, f"paths.runs={tmp_path}/runs", "trainer.devices=2", "trainer.strategy=ddp", "log.wandb=true"]
    switched_off = ["log.queries=false", "log.efficiency=false", "log.progress=false"]
    done = subprocess.run(
        [sys.executable, "-m", "spotvmr", "train", *words, *switched_off, "--json"],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["record"]["n_queries"] > 0
    assert len(list(wandb_home.glob("wandb/offline-run-*"))) == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_comparison_of_a_project_is_laid_out_without_a_server() -> None:
    pytest.importorskip("wandb_workspaces", reason="the extra 'wandb' is not installed")
    model = build_workspace("me", "spotvmr")._to_model().model_dump(by_alias=True, mode="json")
    [section] = model["spec"]["section"]["panelBankConfig"]["sections"]
    panels = {panel["viewType"]: panel["config"] for panel in section["panels"]}
    assert set(panels) == {"Scatter Plot", "Parallel Coordinates Plot", "Run Comparer", "Run History Line Plot"}
    scatter = panels["Scatter Plot"]
    assert (scatter["xAxis"], scatter["yAxis"]) == ("summary:cost/gflops_per_query", "summary:test/R1@0.3")
    columns = [column["accessor"] for column in panels["Parallel Coordinates Plot"]["columns"]]
    assert {"config:budget.value", "config:trainer.value.lr", "summary:test/R1@0.3"} <= set(columns)
    assert (model["entity"], model["project"]) == ("me", "spotvmr")


def test_saving_it_needs_a_login_and_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match="not logged in to W&B"):
        save_workspace("me/spotvmr")
    with pytest.raises(UserError, match=r"wandb=spotvmr names no W&B project: write wandb=ENTITY/PROJECT"):
        save_workspace("spotvmr")


def test_who_is_logged_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_API_KEY", "WANDB_IDENTITY_TOKEN_FILE", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert not logged_in()
    (tmp_path / "netrc").write_text("machine api.wandb.ai\n  login user\n  password 0123\n")
    assert logged_in()
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example.org")
    assert not logged_in()
    monkeypatch.setenv("WANDB_API_KEY", "0123")
    assert logged_in()
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert not logged_in()
