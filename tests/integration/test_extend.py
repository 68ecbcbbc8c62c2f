"""Every part that the documentation shows as an own one is complete and works."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from spotvmr.config import compose
from spotvmr.pipeline.evaluate_run import EvalRequest, evaluate_run
from spotvmr.pipeline.train import Trained, train

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "extend.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"<!-- example: (\S+) -->\n```\w+\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples lie in the working folder."""
    monkeypatch.chdir(tmp_path)
    for name, text in EXAMPLES.items():
        Path(name).write_text(text, encoding="utf-8")


def trained(small: list[str], tmp_path: Path, *words: str) -> Trained:
    done = train(compose([*words, *small, "name=own", f"paths.runs={tmp_path}/runs"]))
    assert done is not None
    assert done.student.n_queries == done.teacher.n_queries > 0
    return done


def curves(done: Trained) -> list[str]:
    return (done.folder / "curves" / "metrics.csv").read_text().splitlines()[0].split(",")


def test_the_page_shows_every_kind_of_part() -> None:
    assert {"best_run.py", "index_scores.py", "smooth.py", "letters.py", "table.py"} <= set(EXAMPLES)


@pytest.mark.parametrize("choice", ["best_run.py:BestRun", "best_run.yaml"])
def test_a_model(choice: str, small: list[str], tmp_path: Path) -> None:
    done = trained(small, tmp_path, f"model={choice}")
    record, _ = evaluate_run(done.folder, EvalRequest("test", 0.5))
    assert record.selection.fraction_max == pytest.approx(0.5)


def test_a_selector(small: list[str], tmp_path: Path) -> None:
    done = trained(small, tmp_path, "selector=index_scores.py:IndexScores", "selector.options.scale=2")
    assert done.student.selector == "IndexScores"
    assert done.student.selection.fraction_max == pytest.approx(0.1)
    assert {"train/selection", "val/any_budget"} <= set(curves(done))


def test_a_loss(small: list[str], tmp_path: Path) -> None:
    done = trained(small, tmp_path, "experiment=./smooth.yaml")
    assert "train/smooth" in curves(done)
    Path("smooth.py").write_text(EXAMPLES["smooth.py"] + "# changed\n", encoding="utf-8")
    again = trained(small, tmp_path, "experiment=./smooth.yaml")
    assert again.student.provenance["weights"] != done.student.provenance["weights"]


def test_a_text_encoder(small: list[str], tmp_path: Path) -> None:
    done = trained(small, tmp_path, "text=letters.py:Letters")
    assert done.student.config["text"]["target"] == "letters.py:Letters"


def test_an_annotation_format(small: list[str], home: Path, tmp_path: Path) -> None:
    train(compose(small))  # makes the world
    world = home / "data" / "demo"
    for split in ("train", "val", "test"):
        rows = map(json.loads, (world / f"{split}.jsonl").read_text().splitlines())
        lines = [
            "\t".join(map(str, [row["qid"], row["vid"], row["duration"], *row["relevant_windows"][0], row["query"]]))
            for row in rows
        ]
        Path(f"{split}.tsv").write_text("\n".join(lines), encoding="utf-8")
    names = [f"dataset.{split}={tmp_path}/{split}.tsv" for split in ("train", "val", "test")]
    words = ["dataset.world=null", "dataset.format=table.py:read", f"dataset.root={world}", *names]
    done = train(compose([*small, *words, "name=own", f"paths.runs={tmp_path}/runs"]))
    assert done is not None
    assert done.student.n_queries == len(Path("test.tsv").read_text().splitlines())
