"""The notebooks of ``examples/`` run from the first to the last cell in an empty folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def printed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the cells of a notebook print when all of them run."""
    monkeypatch.setenv("SPOTVMR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    book = nbformat.read(ROOT / "examples" / f"{request.param}.ipynb", as_version=4)
    home = tmp_path / "home"
    home.mkdir()
    NotebookClient(book, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(home)}}).execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.mark.parametrize("printed", ["search"], indirect=True)
def test_search_prints_moments_clips_and_costs(printed: str) -> None:
    assert "expert clips: 6 of 60 clips of 1 s" in printed
    assert len(re.findall(r"^step \d: \[", printed, re.MULTILINE)) == 6
    assert re.search(r"flask in the bathroom\? [\d.]+ s to [\d.]+ s, 0 new clips", printed)


@pytest.mark.parametrize("printed", ["train_own_data"], indirect=True)
def test_training_on_own_data_prints_scores_and_moments(printed: str) -> None:
    assert re.search(r"R1@0\.3: [01]\.\d{3} \[[01]\.\d{3}, [01]\.\d{3}\]", printed)
    assert "share of expert clips: 0.100" in printed
    assert "on 2 videos" in printed
    assert len(re.findall(r"^\S+ \[[\d.]+, [\d.]+, [\d.e-]+\]$", printed, re.MULTILINE)) == 3


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_committed_without_outputs(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    assert [cell.id for cell in book.cells if cell.get("outputs") or cell.get("execution_count")] == []
