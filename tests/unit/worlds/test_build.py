from __future__ import annotations

import errno
import json
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import av
import numpy as np
import pytest

from spotvmr.errors import UserError
from spotvmr.worlds import WorldSettings, build, generate

TINY = WorldSettings(minutes=0.3, train_videos=2, val_videos=0, test_videos=1, queries_per_video=2)


def contents(root: Path) -> dict[str, bytes]:
    """Every file of a world; the zip container of npz files holds the time of writing, so their arrays count."""
    files = {}
    for path in sorted(root.rglob("*")):
        if path.suffix == ".npz":
            with np.load(path) as arrays:
                files[str(path.relative_to(root))] = b"".join(arrays[name].tobytes() for name in arrays.files)
        elif path.is_file():
            files[str(path.relative_to(root))] = path.read_bytes()
    return files


def stamps(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("once")
    generate(TINY, root, workers=1)
    return root


@pytest.fixture
def made(once: Path, tmp_path: Path) -> Path:
    """A finished world that a test may spoil."""
    generate(TINY, tmp_path, workers=1)
    return tmp_path


def test_the_files_are_as_promised(once: Path) -> None:
    names = set(contents(once))
    ids = ("train_0000", "train_0001", "test_0000")
    assert names == (
        {f"videos/{i}.mp4" for i in ids}
        | {f"labels/{i}.npz" for i in ids}
        | {"train.jsonl", "test.jsonl", "world.json"}
    )
    record = json.loads((once / "world.json").read_text())
    assert record["complete"]
    assert record["settings"]["minutes"] == 0.3
    rows = [json.loads(line) for line in (once / "test.jsonl").read_text().splitlines()]
    assert record["splits"]["test"]["queries"] == len(rows) == 2
    assert record["splits"]["train"]["videos"] == 2


def test_two_workers_write_the_same_bytes_as_one(once: Path, tmp_path: Path) -> None:
    generate(TINY, tmp_path, workers=2)
    assert contents(tmp_path) == contents(once)


def test_a_second_call_touches_nothing(made: Path) -> None:
    before, calls = stamps(made), []
    generate(TINY, made, workers=1, progress=lambda done, total: calls.append((done, total)))
    assert stamps(made) == before
    assert calls == []


def test_a_missing_file_alone_is_made_again(made: Path, once: Path) -> None:
    (made / "videos" / "train_0001.mp4").unlink()
    before, calls = stamps(made), []
    generate(TINY, made, workers=1, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(3, 3)]
    assert contents(made) == contents(once)
    assert stamps(made)["videos/train_0000.mp4"] == before["videos/train_0000.mp4"]


def test_missing_annotations_are_written_again_without_pixels(made: Path, once: Path) -> None:
    (made / "test.jsonl").unlink()
    before = stamps(made)
    generate(TINY, made, workers=1)
    assert contents(made) == contents(once)
    assert stamps(made)["videos/test_0000.mp4"] == before["videos/test_0000.mp4"]


def test_more_videos_keep_those_that_are_there(made: Path) -> None:
    before = stamps(made)
    generate(replace(TINY, test_videos=2), made, workers=1)
    assert stamps(made)["videos/test_0000.mp4"] == before["videos/test_0000.mp4"]
    assert (made / "videos" / "test_0001.mp4").is_file()


def test_other_settings_replace_the_world_but_no_foreign_file(made: Path, once: Path) -> None:
    (made / "videos" / "holiday.mp4").write_text("mine")
    generate(replace(TINY, seed=8, train_videos=1), made, workers=1)
    assert (made / "videos" / "holiday.mp4").read_text() == "mine"
    assert not (made / "videos" / "train_0001.mp4").exists()
    assert (made / "videos" / "train_0000.mp4").read_bytes() != (once / "videos" / "train_0000.mp4").read_bytes()


def test_full_disk_is_one_line_and_leaves_no_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(build.VideoWriter, "write", full)
    with pytest.raises(
        UserError,
        match=r"^cannot write .*\.mp4: no space left on the disk; free some, then run the same command again$",
    ):
        generate(TINY, tmp_path, workers=1)
    assert list((tmp_path / "videos").iterdir()) == []
    assert not json.loads((tmp_path / "world.json").read_text())["complete"]


# A program of its own: a spawned child could not import this test module.
_GENERATE = """
import json, sys
from pathlib import Path
from spotvmr.worlds import WorldSettings, generate
if __name__ == "__main__":
    generate(WorldSettings(**json.loads(sys.argv[2])), Path(sys.argv[1]), workers=1)
"""


def test_killed_in_between_the_next_call_completes_it(tmp_path: Path) -> None:
    settings = replace(TINY, minutes=0.5, train_videos=4)
    process = subprocess.Popen([sys.executable, "-c", _GENERATE, str(tmp_path), json.dumps(asdict(settings))])
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("videos/*.mp4")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert 0 < len(list(tmp_path.glob("videos/*.mp4"))) < 5
    generate(settings, tmp_path, workers=1)
    assert list(tmp_path.glob("*/.*")) == []
    for path in tmp_path.glob("videos/*.mp4"):
        with av.open(str(path)) as container:
            assert container.streams.video[0].frames == 300
    assert len(list(tmp_path.glob("videos/*.mp4"))) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 158}, "158x90"),
        ({"height": 91}, "160x91"),
        ({"fps": 6}, "fps=6"),
        ({"minutes": 0.0}, "minutes=0.0"),
        ({"hot_pool": 1}, "hot_pool=1"),
        ({"keyframe_s": 0.0}, "keyframe_s=0.0"),
        ({"train_videos": 0, "test_videos": 0}, "without videos"),
        ({"queries_per_video": 0}, "without queries"),
    ],
)
def test_settings_that_make_no_world_are_refused(change: dict[str, float], message: str) -> None:
    with pytest.raises(UserError, match=message):
        replace(TINY, **change)
