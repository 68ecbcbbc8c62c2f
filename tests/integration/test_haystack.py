"""From events of a world to a haystack, a run on it, and an evaluation of that run on a longer one."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest

from spotvmr.assembly import make_world
from spotvmr.cli.main import main
from spotvmr.config import compose
from spotvmr.haystack import HaystackSettings, build

SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "haystack" / "make_clips.py"


@pytest.fixture(scope="session")
def raw(small: list[str], home: Path) -> Path:
    """Clips and captions of the events of the small world, cut by the experiment's own script."""
    config = compose(small)
    make_world(config)
    spec = importlib.util.spec_from_file_location("make_clips", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    rows: list[tuple[str, str]] = []
    for path in sorted(Path(config.dataset.root, "videos").glob("*.mp4")):
        rows += script.cut_video(Path(config.dataset.root), home / "raw", path.stem)
    lines = ["file,caption", *(",".join(row) for row in rows)]
    (home / "raw" / "captions.csv").write_text("\n".join(lines), encoding="utf-8")
    return home / "raw"


def test_a_haystack_is_a_data_set_and_a_run_can_be_evaluated_on_a_longer_one(
    raw: Path, small: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = HaystackSettings(raw / "clips", raw / "captions.csv", 0.25, 3, borders="fade", width=160, height=90)
    build(settings, tmp_path / "short", "short", workers=1)
    build(replace(settings, minutes=1.0, videos=1), tmp_path / "long", "long", workers=1)
    words = [*small[2:], f"paths.runs={tmp_path}/runs", f"paths.features={tmp_path}/features"]
    words = [word for word in words if not word.startswith("dataset.")]
    assert main(["train", f"dataset={tmp_path}/short/short.yaml", *words]) == 0
    capsys.readouterr()
    command = [f"run={tmp_path}/runs/short", f"dataset={tmp_path}/long/long.yaml", "budget=0.05", "--json"]
    assert main(["evaluate", *command]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["folder"] == str(tmp_path / "runs" / "short" / "long-test-0.05")
    assert (result["record"]["dataset"], result["record"]["n_videos"]) == ("long", 1)
    assert result["record"]["hours"] == pytest.approx(1 / 60)
    own = json.loads((tmp_path / "runs" / "short" / "record.json").read_text())
    assert own["dataset"] == "short"
