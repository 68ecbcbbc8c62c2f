"""Machine, versions and commit."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from importlib import metadata
from pathlib import Path

import pytest

from spotvmr.types.environment import git_describe, hardware, origin, versions


def test_hardware_names_the_machine() -> None:
    found = hardware()
    assert found.cpu.strip()
    assert found.cores >= 1
    assert found.gpu is None
    assert hardware("A100").gpu == "A100"


def test_the_origin_of_numbers_says_when_how_and_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["/bin/spotvmr", "bench", "paths.runs=my runs"])
    found = origin("spotvmr")
    assert found["command"] == "spotvmr bench 'paths.runs=my runs'"
    assert datetime.fromisoformat(found["created"]).utcoffset() == timedelta(0)
    assert found["git"] == git_describe()
    assert found["hardware"] == asdict(hardware())


def test_versions_leave_out_what_is_not_installed() -> None:
    assert versions(["numpy", "no-such-package-of-that-name"]) == {"numpy": metadata.version("numpy")}


def _git(folder: Path, *words: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "core.hooksPath=/dev/null"]
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)


def test_git_describe_says_tag_and_dirt(tmp_path: Path) -> None:
    _git(tmp_path, "init")
    assert git_describe(tmp_path) == ""  # no commit yet
    (tmp_path / "a").write_text("1")
    _git(tmp_path, "add", "a")
    _git(tmp_path, "commit", "-m", "one")
    _git(tmp_path, "tag", "v1")
    assert git_describe(tmp_path) == "v1"
    (tmp_path / "a").write_text("2")
    assert git_describe(tmp_path) == "v1-dirty"


def test_git_describe_is_empty_outside_git_and_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_describe(tmp_path) == ""
    monkeypatch.setenv("PATH", "")
    assert git_describe(tmp_path) == ""


def test_records_need_no_torch() -> None:
    names = ("record", "predictions", "environment")
    code = "import sys, " + ", ".join(f"spotvmr.types.{name}" for name in names) + "; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
