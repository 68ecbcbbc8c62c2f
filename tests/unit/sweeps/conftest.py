"""Sweep files in a temporary folder."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))  # for drive: importlib mode knows no test packages

PLAIN: dict[str, Any] = {
    "name": "tiny",
    "method": "grid",
    "metric": {"name": "val/R1@0.3", "goal": "maximize"},
    "parameters": {"lr": {"values": [0.1, 0.4, 0.2, 0.3]}},
    "command": ["${env}", "spotvmr", "train", "fixed=1", "${args_no_hyphens}"],
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a small grid with other or further keys; None leaves a key out."""

    def write_sweep(**keys: Any) -> Path:
        path = tmp_path / "tiny.yaml"
        plain = {key: value for key, value in {**PLAIN, **keys}.items() if value is not None}
        path.write_text(yaml.safe_dump(plain), encoding="utf-8")
        return path

    return write_sweep
