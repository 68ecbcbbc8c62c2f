"""The contract of an installation without extras: what works, and the one line that names a missing extra."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from spotvmr.cli.table import COMMANDS
from spotvmr.system.extras import EXTRAS, what_is_missing

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_EXTRAS = f"""
import sys
sys.modules.update(dict.fromkeys({sorted(set(EXTRAS) - {"timm"})}))  # None: not installed; open_clip brings timm
from spotvmr.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def spotvmr(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with the packages of every extra out of reach."""
    command = [sys.executable, "-c", WITHOUT_EXTRAS, *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "module", "extra"),
    [
        (["train"], "torchmetrics", "train"),
        (["bench"], "torchmetrics", "train"),
        (["pretrain"], "lightning", "train"),
        (["report", f"runs={ROOT}/experiments/main_job", "html=page.html"], "plotly", "report"),
        (["report", f"runs={ROOT}/experiments/main_job", "picture=curve.png"], "matplotlib", "report"),
        (["sweep", f"{ROOT}/conf/sweep/grid.yaml", "local=true"], "optuna", "sweep"),
    ],
)
def test_a_command_whose_extra_is_missing_ends_with_one_line(
    words: list[str], module: str, extra: str, tmp_path: Path
) -> None:
    done = spotvmr(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"spotvmr: {words[0]} needs {module}: pip install 'spotvmr[{extra}]'\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["config"], ["cost"], ["doctor"], ["train", "--help"]])
def test_what_needs_no_extra_works_without_any(words: list[str], tmp_path: Path) -> None:
    done = spotvmr(*words, cwd=tmp_path)
    assert "pip install" not in done.stderr
    assert done.returncode == 0, done.stderr


def test_a_submodule_is_named_by_its_package_and_other_modules_are_not_ours() -> None:
    line = "train needs lightning: pip install 'spotvmr[train]'"
    assert what_is_missing("train", ModuleNotFoundError(name="lightning.pytorch")) == line
    assert what_is_missing("train", ModuleNotFoundError(name="unheard_of")) is None
    assert what_is_missing("train", ModuleNotFoundError()) is None


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_names_a_function_that_exists(name: str) -> None:
    module, _, function = COMMANDS[name].target.partition(":")
    assert callable(getattr(importlib.import_module(module), function))
