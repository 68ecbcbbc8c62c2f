"""Two real gloo processes agree with one to the last bit."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

_SCRIPT = Path(__file__).with_name("gloo_process.py")


def _loaded() -> ModuleType:
    """The script as a module, for the reference run in this process."""
    spec = importlib.util.spec_from_file_location("gloo_process", _SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


process = _loaded()


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two processes computed."""
    folder = tmp_path_factory.mktemp("gloo")
    started = [subprocess.Popen([sys.executable, _SCRIPT, str(rank), "2", folder]) for rank in range(2)]
    try:
        assert [one.wait(timeout=240) for one in started] == [0, 0]
    finally:
        for one in started:
            one.kill()
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(2)]


@pytest.mark.parametrize("case", list(process.SPLITS))
def test_two_processes_equal_one(found: list[dict[str, Any]], case: str) -> None:
    alone = process.results(list(range(10)))
    assert found[0][case] == alone
    assert found[1][case] == alone
    assert alone["local_kept"]
