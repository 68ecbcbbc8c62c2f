"""``spotvmr search`` and ``spotvmr.Retriever`` with a trained run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spotvmr.cli.main import main
from spotvmr.config import compose

QUERIES = ["when did I shake the red flask?", "why is x = 3 there?"]


@pytest.fixture(scope="module")
def trained(small: list[str], home: Path) -> tuple[Path, Path]:
    """A run folder and a video."""
    assert main(["train", *small, "name=searched"]) == 0
    config = compose([*small, "name=searched"])
    return home / "runs" / "searched", Path(config.dataset.root) / "videos" / "test_0000.mp4"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setenv("SPOTVMR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_three_lines_of_the_readme(trained: tuple[Path, Path]) -> None:
    from spotvmr import Retriever

    run, path = trained
    retriever = Retriever.from_run(run)
    video = retriever.open(path, progress=False)
    answer = video.ask("when did I shake the red flask?", budget=0.1, top=5)
    assert (answer.n_clips, len(answer.clips)) == (60, 6)
    assert 1 <= len(answer.moments) <= 5


def test_importing_the_package_alone_loads_no_torch() -> None:
    code = "import sys, spotvmr; sys.exit('torch' in sys.modules or 'Retriever' in dir(spotvmr))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_search_tells_moments_and_costs(
    trained: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, path = trained
    words = [
        "search",
        str(path),
        *QUERIES,
        f"run={run}",
        "top=2",
        f"export={tmp_path}/out",
        f"sheet={tmp_path}/sheet.png",
    ]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [query for query in QUERIES if query in lines] == QUERIES
    assert any(" - 00:" in line for line in lines)
    assert lines[-1].startswith("looked at ")
    assert "of 60 clips" in lines[-1]
    assert "(estimated)" in lines[-1]
    assert len(list((tmp_path / "out").glob("test_0000-query[12]-*.mkv"))) == 4
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_search_as_json_at_another_budget(trained: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    run, path = trained
    assert main(["search", str(path), QUERIES[0], f"run={run}", "budget=0.5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (answer,) = found["answers"]
    assert (found["duration_s"], answer["n_clips"], answer["new_clips"]) == (pytest.approx(60, abs=0.2), 60, 30)
    assert found["index_stages"]["decode"]["frames"] == 60
    assert set(answer["moments"][0]) == {"start_s", "end_s", "score"}
    assert answer["dense"]["gflops"] > answer["gflops"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "a video and a query"),
        (["film.mp4"], "a video and a query"),
        (["absent.mp4", "why"], "no such video"),
        (["VIDEO", "why", "top=0"], "top=0"),
        (["VIDEO", "why", "top=2.5"], "top=2.5"),
        (["VIDEO", "why", "every_s=-1"], "every_s=-1"),
        (["VIDEO", "why", "budget=2"], "budget=2"),
        (["VIDEO", "why", "run=nowhere"], "no trained run at nowhere"),
        (["VIDEO", ""], "query is empty"),
        (["VIDEO", "x" * 10_000], "10000 characters"),
        (["VIDEO", "why", "exprt=here"], "exprt"),
    ],
)
def test_wrong_words(
    words: list[str], said: str, trained: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run, path = trained
    given = [str(path) if word == "VIDEO" else word for word in words]
    run_words = [] if any(word.startswith("run=") for word in words) else [f"run={run}"]
    assert main(["search", *run_words, *given]) == 2
    shown = capsys.readouterr()
    assert said in shown.err.splitlines()[-1]
    assert shown.out == ""


def test_a_run_of_other_encoders_is_refused(trained: tuple[Path, Path], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    from spotvmr import Retriever
    from spotvmr.assembly import read_identity
    from spotvmr.errors import UserError

    run, _ = trained
    identity = read_identity(run / "weights.safetensors")
    assert identity is not None
    identity["index_key"]["weights_hash"] = "0" * 16
    (tmp_path / "config.yaml").write_text((run / "config.yaml").read_text())
    weights = load_file(run / "weights.safetensors")
    save_file(weights, tmp_path / "weights.safetensors", {"identity": json.dumps(identity)})
    with pytest.raises(UserError, match="index features of other weights"):
        Retriever.from_run(tmp_path)


@pytest.mark.timeout(300)
def test_bench_of_retrieval(small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "part=nothing"]) == 2
    assert "part=nothing" in capsys.readouterr().err


@pytest.mark.timeout(300)
def test_bench_of_answers(trained: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """Answers from the files are those of the run's stored features; key frames are held against every clip."""
    run, _ = trained
    assert main(["bench", "part=answers", f"run={run}", f"paths.runs={run.parent}", "--json"]) == 0
    same, one, four = json.loads(capsys.readouterr().out)["benchmarks"]
    assert same["what"].startswith("lazy / cached")
    assert same["median"] >= same["least"] == 0.99
    assert same["same_clips"] == 1
    assert [row["what"].split()[1] for row in (one, four)] == ["1", "4"]
    assert all(row["median"] >= 0 and 0 <= row["every_clip"] <= 1 for row in (one, four))
    kept = json.loads((run.parent / "bench" / "answers.json").read_text())
    assert kept["rows"] == [same, one, four]
    assert kept["command"].startswith("spotvmr")
    assert kept["hardware"]["cores"] >= 1
