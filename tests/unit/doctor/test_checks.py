from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from spotvmr.cli.main import main
from spotvmr.config import Config, compose
from spotvmr.config.folders import choices
from spotvmr.doctor import Finding, backends, check_backends, check_dataset, check_machine, check_packages
from spotvmr.doctor.machine import check_disk, check_wandb

FEATURES = (
    "family: imported, name: mine, imported: {path: %s, layout: %s, parts: {a: 4}, rate: 1, gflops: 1, source: x}"
)


def states(findings: list[Finding]) -> dict[str, str]:
    return {finding.what: finding.state for finding in findings}


def detail(findings: list[Finding], what: str) -> str:
    return next(finding.detail for finding in findings if finding.what == what)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Annotations of three videos, two of which are there."""
    for split, video in (("train", "a"), ("val", "b"), ("test", "c")):
        row = {"qid": split, "query": "open door", "vid": video, "duration": 9, "relevant_windows": [[1, 2]]}
        (tmp_path / f"{split}.jsonl").write_text(json.dumps(row))
    (tmp_path / "videos").mkdir()
    for video in ("a", "b"):
        (tmp_path / "videos" / f"{video}.mp4").write_bytes(b"x")
    return tmp_path


@pytest.fixture
def of(data: Path) -> Callable[..., Config]:
    """The configuration of that data set with further lines in its YAML file."""

    def make(*words: str, about: str = "") -> Config:
        path = data / "mine.yaml"
        path.write_text(f"root: {data}\n{about}")
        return compose([f"dataset={path}", *words])

    return make


def test_packages_are_those_of_the_requirements() -> None:
    lines = [
        "numpy>=1",
        "nosuchpackage>=2",
        'gradio>=6; extra == "app"',
        "nosuchextra; extra == 'sweep'",
        "ruff; extra == 'dev'",
    ]
    found = check_packages(lines)
    assert states(found)["numpy"] == "ok"
    assert detail(found, "numpy") == np.__version__
    assert states(found)["nosuchpackage"] == "missing"
    assert detail(found, "nosuchpackage") == "pip install nosuchpackage"
    assert states(found)["extra sweep"] == "note"
    assert detail(found, "extra sweep").endswith("pip install 'spotvmr[sweep]'")
    assert "extra dev" not in states(found)


def test_here_all_needed_packages_are_installed() -> None:
    assert [finding for finding in check_packages() if finding.state == "missing"] == []


def test_the_machine_is_described(tmp_path: Path) -> None:
    found = check_machine({"data": tmp_path / "not" / "yet"})
    assert {"python", "processor", "threads", "devices", "memory", "disk of data", "wandb"} <= set(states(found))
    assert "GB free" in detail(found, "disk of data")
    assert not (tmp_path / "not").exists()


def test_a_folder_that_cannot_be_written_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert check_disk("runs", tmp_path).state == "missing"


@pytest.mark.parametrize(
    ("environment", "content", "state"),
    [
        ({}, None, "note"),
        ({}, "machine api.wandb.ai login user password not-a-real-one\n", "ok"),
        ({}, "machine example.org login user password not-a-real-one\n", "note"),
        ({}, "machine\n", "note"),
        ({"WANDB_API_KEY": "not-a-real-one"}, None, "ok"),
        ({"WANDB_MODE": "offline", "WANDB_API_KEY": "not-a-real-one"}, None, "note"),
        (
            {"WANDB_BASE_URL": "https://wandb.example.org"},
            "machine wandb.example.org login u password not-a-real-one\n",
            "ok",
        ),
    ],
)
def test_a_wandb_login_is_found_and_never_shown(
    environment: dict[str, str], content: str | None, state: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / ".netrc").write_text(content)
    found = check_wandb(environment, tmp_path)
    assert found.state == state
    assert "not-a-real-one" not in found.detail


def test_the_backends_read_a_real_file() -> None:
    found = states(check_backends())
    assert (found["writing"], found["pyav"]) == ("ok", "ok")
    assert set(found) == {"writing", "pyav", "decord", "torchcodec", "codecs"}


def test_backends_that_fail_or_lie_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("no shared library")

    def wrong(_: Path, numbers: list[int]) -> np.ndarray:
        return np.zeros((len(numbers), 4, 4, 3), np.uint8)

    monkeypatch.setattr(backends, "READERS", {"decord": broken, "pyav": wrong})
    found = check_backends()
    assert states(found)["decord"] == "note"
    assert "no shared library" in detail(found, "decord")
    assert states(found)["pyav"] == "missing"


def test_annotated_videos_are_counted_against_those_there(of: Callable[..., Config], data: Path) -> None:
    found = check_dataset(of())
    assert states(found) == {
        "train annotations": "ok",
        "val annotations": "ok",
        "test annotations": "ok",
        "videos": "missing",
    }
    assert detail(found, "videos").startswith("2 of the 3 annotated videos")
    assert detail(found, "videos").endswith("first missing: c")
    (data / "videos" / "c.mp4").write_bytes(b"x")
    assert states(check_dataset(of()))["videos"] == "ok"


def test_a_missing_or_broken_annotation_file_is_told(of: Callable[..., Config], data: Path) -> None:
    (data / "train.jsonl").unlink()
    (data / "val.jsonl").write_text("no json")
    found = check_dataset(of())
    assert [state for what, state in states(found).items() if "annotations" in what] == ["missing", "missing", "ok"]
    assert "val.jsonl:1 is not JSON" in detail(found, "val annotations")


def test_an_absent_folder_lists_everything_needed(of: Callable[..., Config]) -> None:
    found = states(check_dataset(of("dataset.root=nowhere")))
    assert set(found.values()) == {"missing"}
    assert len(found) == 4


@pytest.mark.parametrize("layout", ["npy", "h5"])
def test_imported_features_stand_for_videos(of: Callable[..., Config], data: Path, layout: str) -> None:
    (data / "videos" / "a.mp4").unlink()
    path = "features" if layout == "npy" else "all.h5"
    words = [f"{role}={{{FEATURES % (path, layout)}}}" for role in ("index", "expert")]
    assert states(check_dataset(of(*words)))["index features a"] == "missing"
    if layout == "npy":
        (data / "features").mkdir()
        for video in "abc":
            np.save(data / "features" / f"{video}.npy", np.zeros((9, 4)))
    else:
        with h5py.File(data / "all.h5", "w") as file:
            for video in "ab":
                file[video] = np.zeros((9, 4))
    found = check_dataset(of(*words))
    assert "videos" not in states(found)
    assert states(found)["expert features a"] == ("ok" if layout == "npy" else "missing")
    if layout == "h5":
        assert detail(found, "expert features a").startswith("2 of the 3")


def test_who_gives_it_out_is_told(of: Callable[..., Config]) -> None:
    about = "about: {site: 'https://example.org', licence: CC BY 4.0, size: 3 GB}\n"
    found = check_dataset(of(about=about))
    assert detail(found, "given out by") == "https://example.org"
    assert detail(found, "licence") == "CC BY 4.0"
    assert detail(found, "size") == "3 GB"


@pytest.mark.parametrize(
    "name", [name for name in choices("dataset") if compose([f"dataset={name}"]).dataset.world is None]
)
def test_every_data_set_of_others_says_who_gives_it_out(name: str) -> None:
    about = compose([f"dataset={name}"]).dataset.about
    assert about is not None
    assert about.site
    assert about.licence
    assert about.size


def test_a_generated_world_is_never_incomplete(tmp_path: Path) -> None:
    found = check_dataset(compose(["dataset=demo", f"paths.data={tmp_path}"]))
    assert states(found) == {"videos": "ok"}
    assert list(tmp_path.iterdir()) == []


def test_the_command_ends_with_0_or_2_and_one_object(
    of: Callable[..., Config], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of()
    words = ["doctor", f"dataset={data / 'mine.yaml'}"]
    assert main([*words, "--json"]) == 2
    printed = capsys.readouterr()
    result = json.loads(printed.out)
    assert (result["complete"], result["missing"]) == (False, ["data set mine: videos"])
    assert printed.err.strip().splitlines()[-1].startswith("spotvmr: missing: data set mine: videos")
    assert main(words) == 2
    assert "2 of the 3 annotated videos" in capsys.readouterr().out
    (data / "videos" / "c.mp4").write_bytes(b"x")
    assert main(words) == 0
    assert capsys.readouterr().out.endswith("everything needed is there\n")


def test_without_a_data_set_only_the_installation_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    parts = {finding["part"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert parts == {"packages", "machine", "video"}
