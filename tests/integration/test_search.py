"""``spotvmr search`` and ``spotvmr.Retriever`` with a trained run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "video"))  # for make_videos: test folders are no packages

from make_videos import MAKERS

from spotvmr.cli.main import main
from spotvmr.config import compose
from spotvmr.system.extras import EXTRAS

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
    code = "import sys, spotvmr; sys.exit('torch' in sys.modules or 'Retriever' in vars(spotvmr))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_search_needs_no_package_of_an_extra(trained: tuple[Path, Path], tmp_path: Path) -> None:
    run, path = trained
    blocked = set(EXTRAS) - {"timm"}  # open_clip brings timm
    code = f"""
import sys
sys.modules.update(dict.fromkeys({sorted(blocked)}))  # None: as if it were not installed
from spotvmr.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
    words = ["search", str(path), QUERIES[0], f"run={run}", f"export={tmp_path}/out", "--json"]
    command = [sys.executable, "-c", code, *words]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert 1 <= len(result["answers"][0]["moments"]) == len(result["files"])
    # The picture is drawn by matplotlib.
    done = subprocess.run(
        [*command, f"sheet={tmp_path}/x.png"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "spotvmr: search needs matplotlib: pip install 'spotvmr[report]'"


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
    assert lines[-1].startswith("expert features of ")
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
        (["text.mp4", "why"], "not a video"),
        (["sound_only.mp4", "why"], "no video stream"),
        (["empty.mp4", "why"], "empty video file"),
        (["no_frames.mkv", "why"], "truncated"),
        ([".", "why"], "folder"),
    ],
)
def test_wrong_words(
    words: list[str],
    said: str,
    trained: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    run, path = trained
    monkeypatch.chdir(tmp_path)
    if words and words[0] in MAKERS:
        MAKERS[words[0]](tmp_path / words[0])
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
    identity["features"]["index"]["weights_hash"] = "0" * 16
    (tmp_path / "config.yaml").write_text((run / "config.yaml").read_text())
    weights = load_file(run / "weights.safetensors")
    save_file(weights, tmp_path / "weights.safetensors", {"identity": json.dumps(identity)})
    with pytest.raises(UserError, match="other index features: their weights_hash was"):
        Retriever.from_run(tmp_path)


def test_a_run_of_another_device_is_opened_on_this_one(trained: tuple[Path, Path], tmp_path: Path) -> None:
    from spotvmr import Retriever

    run, path = trained
    settings = (run / "config.yaml").read_text()
    assert "\ndevice: cpu" in settings
    (tmp_path / "config.yaml").write_text(settings.replace("\ndevice: cpu", "\ndevice: cuda"))
    shutil.copy(run / "weights.safetensors", tmp_path)
    assert Retriever.from_run(tmp_path, device="cpu").open(path, progress=False).ask(QUERIES[0]).moments


@pytest.mark.timeout(300)
def test_bench_of_retrieval(small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "part=nothing"]) == 2
    assert "part=nothing" in capsys.readouterr().err


def test_a_file_that_was_cut_off_is_searched_and_it_is_said_how_much(
    trained: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = MAKERS["truncated_data.mp4"](tmp_path / "truncated_data.mp4")
    assert main(["search", str(path), QUERIES[0], f"run={trained[0]}", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 0.3 < found["readable_share"] < 0.8
    assert f"is cut off: {found['duration_s']:.1f} of its 10.0 s can be read" in caplog.text


def test_two_processes_ask_one_video_at_once(trained: tuple[Path, Path]) -> None:
    """One makes the index and the other finds it made, or both find it; the answers are the same."""
    run, path = trained
    command = [sys.executable, "-m", "spotvmr", "search", str(path), QUERIES[0], f"run={run}", "--json"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    ended = [process.communicate(timeout=200) for process in running]
    assert [process.returncode for process in running] == [0, 0], ended
    found = [json.loads(out) for out, _ in ended]
    assert sum(one["index_stages"]["decode"]["frames"] for one in found) == 60
    assert found[0]["answers"][0]["moments"] == found[1]["answers"][0]["moments"]


def test_a_killed_index_pass_goes_on_where_it_stopped(trained: tuple[Path, Path], cache: Path) -> None:
    run, path = trained
    code = (
        "import os, sys, spotvmr.retrieval.indexing as indexing\n"
        "encode, calls = indexing.encode_clips, []\n"
        "def breaking(*given):\n"
        "    calls.append(1)\n"
        "    return encode(*given) if len(calls) < 3 else os.kill(os.getpid(), 9)\n"
        "indexing.encode_clips = breaking\n"
        "from spotvmr.cli.main import main\n"
        "main(sys.argv[1:])\n"
    )
    config = (run / "config.yaml").read_text()
    slow = cache.parent / "run"
    slow.mkdir()
    (slow / "weights.safetensors").symlink_to(run / "weights.safetensors")
    (slow / "config.yaml").write_text(re.sub(r"batch_clips: \d+", "batch_clips: 8", config))
    words = ["search", str(path), QUERIES[0], f"run={slow}", "--json"]
    assert subprocess.run([sys.executable, "-c", code, *words], check=False, capture_output=True).returncode == -9
    done = subprocess.run([sys.executable, "-m", "spotvmr", *words], check=True, capture_output=True)
    assert json.loads(done.stdout)["index_stages"]["decode"]["frames"] == 60 - 2 * 8


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
