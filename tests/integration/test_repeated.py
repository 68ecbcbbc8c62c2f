"""A run is repeated from its record, and no run is trained twice at the same time."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import filelock
import pytest

from spotvmr.cli.main import main
from spotvmr.errors import UserError
from spotvmr.system.locks import fail_if_locked, wait_for_run


@pytest.fixture(scope="module")
def first(small: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record of a small run, with settings that no group file holds."""
    folder = tmp_path_factory.mktemp("first")
    assert main(["train", *small, f"paths.runs={folder}", "budget=0.2", "seed=3", "name=one"]) == 0
    return folder / "one" / "record.json"


def test_a_record_is_enough_to_repeat_its_run(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", f"from={first}", f"paths.runs={tmp_path}", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    before = json.loads(first.read_text())
    assert result["different"] == {}
    assert result["folder"] == str(tmp_path / "one-again")
    assert result["record"]["metrics"] == before["metrics"]
    assert {**result["record"]["config"], "name": "one"} == {
        **before["config"],
        "paths": {**before["config"]["paths"], "runs": str(tmp_path)},
    }
    predictions = (tmp_path / "one-again" / "predictions.jsonl").read_bytes()
    assert predictions == (first.parent / "predictions.jsonl").read_bytes()


def test_another_budget_is_told_apart(first: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", f"from={first}", "budget=0.5", "name=other", "--json"]) == 0
    assert "fraction_mean" in json.loads(capsys.readouterr().out)["different"]


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), ("{", "not JSON"), ("[]", "schema"), ('{"schema": 1}', "not a run record")],
)
def test_what_is_no_record_is_refused(
    content: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "record.json"
    if content is not None:
        path.write_text(content)
    assert main(["train", f"from={path}"]) == 2
    assert said in capsys.readouterr().err


def test_the_run_of_a_teacher_is_not_overwritten(first: Path, capsys: pytest.CaptureFixture[str]) -> None:
    teacher = next(first.parents[1].glob("demo-teacher-*"))
    assert main(["train", f"from={teacher / 'record.json'}", f"name={teacher.name}"]) == 2
    assert "is the run of a teacher" in capsys.readouterr().err


def test_a_second_training_of_a_run_is_refused(
    small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "one"
    with fail_if_locked(folder):
        assert main(["train", *small, f"paths.runs={tmp_path}", "name=one"]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith(f"spotvmr: another training is running in {folder}")
    assert not (folder / "config.yaml").exists()


def test_a_shared_teacher_is_waited_for(tmp_path: Path) -> None:
    order = []

    def second() -> None:
        with wait_for_run(tmp_path):
            order.append("second")

    with wait_for_run(tmp_path):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(timeout=0.3)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_a_folder_that_cannot_be_locked_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(filelock.FileLock, "acquire", refuse)
    with pytest.raises(UserError, match="permission denied"), fail_if_locked(tmp_path):
        pass
