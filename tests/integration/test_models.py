"""Every model trains behind the spotter, and so does the one that the documentation shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spotvmr.config import compose
from spotvmr.config.folders import choices
from spotvmr.pipeline.evaluate_run import EvalRequest, evaluate_run
from spotvmr.pipeline.train import train

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "models.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"<!-- example: (\S+) -->\n```\w+\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("model", choices("model"))
def test_every_model_trains_behind_the_spotter(model: str, small: list[str]) -> None:
    done = train(compose([f"model={model}", *small, f"name=model-{model}"]))
    assert done is not None
    assert (done.teacher.model, done.student.model) == (model, model)
    assert done.student.selection.fraction_max == pytest.approx(0.1)
    header = next(Path(done.folder).rglob("metrics.csv")).read_text().splitlines()[0].split(",")
    assert {f"train/{term}" for term in ("distill_heads", "distill_fused", "highlight", "selection")} <= set(header)


@pytest.mark.parametrize("choice", ["best_run.py:BestRun", "best_run.yaml"])
def test_the_model_of_the_documentation_is_one_file(
    choice: str, small: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in EXAMPLES.items():
        Path(name).write_text(text, encoding="utf-8")
    done = train(compose([f"model={choice}", *small, "name=own", f"paths.runs={tmp_path}/runs"]))
    assert done is not None
    assert done.student.n_queries == done.teacher.n_queries > 0
    record, _ = evaluate_run(done.folder, EvalRequest("test", 0.5))
    assert record.selection.fraction_max == pytest.approx(0.5)
