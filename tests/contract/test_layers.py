"""The contract of the layering: it holds for every room, and the check that says so bites."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from difflib import SequenceMatcher
from itertools import combinations
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "spotvmr"
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sources, to be spoilt."""
    shutil.copytree(
        PACKAGE, tmp_path / "src" / "spotvmr", ignore=shutil.ignore_patterns("__pycache__", "weights", "conf")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache", *words]
    env = {**os.environ, "PYTHONPATH": str(folder / "src")}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_the_layering_holds(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("contract", "module", "line"),
    [
        ("floors", "types/moment.py", "import spotvmr.video"),
        ("floors", "selection/__init__.py", "import spotvmr.models"),
        ("floors", "report/__init__.py", "import spotvmr.evaluation"),
        ("floors", "models/__init__.py", "def late() -> None:\n    import spotvmr.cli.main"),
        ("floors", "newroom/__init__.py", ""),
        ("open-clip", "models/__init__.py", "import open_clip"),
        ("open-clip", "assembly/__init__.py", "from timm import create_model"),
        ("lightning", "cli/main.py", "def late() -> None:\n    import lightning"),
        ("lightning", "metrics/__init__.py", "from lightning.pytorch import Callback"),
        ("light-rooms", "config/schema.py", "import torch"),
        ("light-rooms", "types/moment.py", "from torch import Tensor"),
        ("light-rooms", "report/__init__.py", "import spotvmr.losses\nimport torch"),
    ],
)
def test_a_broken_rule_is_found(copy: Path, contract: str, module: str, line: str) -> None:
    path = copy / "src" / "spotvmr" / module
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    done = lint(copy, "--contract", contract)
    assert done.returncode != 0
    assert Path(module).parent.name in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("contract", "exempt"), [("open-clip", ["encoders"]), ("lightning", ["pretraining", "training"])]
)
def test_no_other_room_is_exempt(copy: Path, contract: str, exempt: list[str]) -> None:
    """A new room must be named in the contracts; one contract after another gets every room spoilt at once."""
    library = {"open-clip": "open_clip", "lightning": "lightning"}[contract]
    for room in ROOMS:
        (copy / "src" / "spotvmr" / room / "spoilt.py").write_text(f"import {library}\n", encoding="utf-8")
    text = lint(copy, "--contract", contract).stdout
    assert [room for room in ROOMS if f"spotvmr.{room}.spoilt -> {library}" not in text] == exempt


@pytest.mark.parametrize(
    ("one", "other"), list(combinations(sorted(PACKAGE.glob("models/*.py")), 2)), ids=lambda p: p.stem
)
def test_no_two_model_files_share_a_block_of_ten_lines(one: Path, other: Path) -> None:
    left, right = (path.read_text().splitlines() for path in (one, other))
    block = SequenceMatcher(None, left, right, autojunk=False).find_longest_match()
    assert block.size < 10, "\n".join(left[block.a : block.a + block.size])
