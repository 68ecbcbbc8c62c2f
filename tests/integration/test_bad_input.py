"""Every wrong input ends in one line on stderr and exit code 2, with nothing half-written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from spotvmr.cli.main import main
from spotvmr.cli.parsing.reads import settings_read_by


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run a command that must fail with exit code 2; its one line."""
    assert main(list(words)) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("spotvmr: ")
    assert "Traceback" not in "".join(lines)
    return lines[-1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dataset=ego5d"], "unknown dataset 'ego5d'"),
        (["model=vslnett"], "unknown model 'vslnett'"),
        (["selector=spoter"], "spotter"),
        (["model.dimm=3"], "model.dim"),
        (["trainer.lr=fast"], "trainer.lr"),
        (["budget=0"], "budget"),
        (["budget=1.5"], "budget"),
        (["budget=abc"], "budget"),
        (["model.name=resnet"], "vslnet"),
        (["dataset.format=xml"], "jsonl"),
        (["index.family=clipp"], "open_clip"),
        (["trainer.accelerator=cuda", "trainer.devices=64"], "cannot train with trainer.accelerator=cuda"),
        (["trainer.strategy=fsdp"], "must be one of auto, ddp"),
    ],
)
def test_wrong_words(words: list[str], said: str, small: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert said in complaint(capsys, "train", *small, *words)


def test_compiling_without_a_compiler(
    small: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "'no-such-compiler' is not on the PATH" in complaint(capsys, "train", *small, "trainer.compile=true")


@pytest.fixture
def own(tmp_path: Path, home: Path, small: list[str]) -> tuple[Path, list[str]]:
    """A generic data set of two short videos of the small world, and the words that use it."""
    from spotvmr.assembly import make_world
    from spotvmr.config import compose

    config = compose(small)
    make_world(config)
    root = tmp_path / "own"
    (root / "videos").mkdir(parents=True)
    source = Path(config.dataset.root) / "videos"
    for name in ("one", "two"):
        shutil.copy(source / "test_0000.mp4", root / "videos" / f"{name}.mp4")
    for split in ("train", "val", "test"):
        write(root, split, [row("1", "one"), row("2", "two")])
    card = tmp_path / "own.yaml"
    card.write_text(f"root: {root}\ntrain: train.jsonl\nval: val.jsonl\ntest: test.jsonl\nvideos: videos\n")
    kept = [word for word in small if not word.startswith(("dataset.", "paths."))]
    paths = [f"paths.features={tmp_path}/features", f"paths.runs={tmp_path}/runs"]
    return root, [f"dataset={card}", *kept, *paths]


def row(qid: str, video: str, **changes: object) -> dict[str, object]:
    """An annotation row."""
    plain = {"qid": qid, "query": "when did I shake it", "vid": video, "duration": 60.0, "relevant_windows": [[5, 9]]}
    return plain | changes


def write(root: Path, split: str, rows: list[dict[str, object]]) -> None:
    """Write a split."""
    (root / f"{split}.jsonl").write_text("".join(json.dumps(content) + "\n" for content in rows))


def test_own_data_needs_no_code(own: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    _, words = own
    assert main(["train", *words, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)["record"]
    assert (record["dataset"], record["n_queries"], record["n_videos"]) == ("own", 2, 2)


def test_missing_data_root(own: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    root, words = own
    shutil.rmtree(root)
    assert "no folder" in complaint(capsys, "train", *words)


def test_missing_video(own: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    root, words = own
    (root / "videos" / "two.mp4").unlink()
    assert "two" in complaint(capsys, "train", *words)


@pytest.mark.parametrize("content", [b"", b"no video at all, just words\n" * 50, None])
def test_unreadable_video(
    content: bytes | None, own: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    root, words = own
    path = root / "videos" / "two.mp4"
    path.write_bytes(path.read_bytes()[:2000] if content is None else content)
    said = complaint(capsys, "index", *settings_read_by("index", words))
    assert "two.mp4" in said
    assert not (root.parent / "features" / "own" / "index-errands" / "manifest.json").exists()


def test_dirty_rows_are_skipped_and_counted(own: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    root, words = own
    dirty = [
        row("1", "one"),
        row("2", "two", relevant_windows=[[9, 5]]),
        row("3", "two", relevant_windows=[[50, 99]]),
        row("4", "two", query=" "),
    ]
    write(root, "test", dirty)
    assert main(["train", *words, "--json"]) == 0
    record = json.loads(capsys.readouterr().out)["record"]
    assert record["n_queries"] == 2
    assert record["annotations"]["test"] == {
        "file": "test.jsonl",
        "rows": 4,
        "queries": 2,
        "scored": 2,
        "clipped": 1,
        "reversed": 1,
        "empty query": 1,
    }


def test_a_split_without_queries(own: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    root, words = own
    write(root, "val", [])
    assert "val" in complaint(capsys, "train", *words)


def test_a_run_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nowhere" in complaint(capsys, "evaluate", "run=nowhere")


def test_a_replaced_video_is_indexed_again(own: tuple[Path, list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    root, words = own
    assert main(["index", *settings_read_by("index", words), "--json"]) == 0
    before = json.loads(capsys.readouterr().out)["index"]
    other = (root / "videos" / "one.mp4").read_bytes()
    store = Path(before["path"]) / "features.bin"
    first = store.read_bytes()
    source = sorted((root.parent.parent).rglob("train_0000.mp4"))
    (root / "videos" / "two.mp4").write_bytes(source[0].read_bytes() if source else other + b"\0")
    assert main(["index", *settings_read_by("index", words), "--json"]) == 0
    assert store.read_bytes() != first
