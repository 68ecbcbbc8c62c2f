"""Where Ego4D's clips lie in their recordings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spotvmr.annotations import read_ego4d_excerpts
from spotvmr.errors import UserError
from spotvmr.types.excerpt import Excerpt


def written(folder: Path, *clips: dict[str, Any]) -> Path:
    """An NLQ file of one recording."""
    path = folder / "nlq_val.json"
    path.write_text(json.dumps({"videos": [{"video_uid": "rec", "clips": list(clips)}]}))
    return path


def test_each_clip_has_its_recording_and_start(tmp_path: Path) -> None:
    path = written(tmp_path, {"clip_uid": "a", "video_start_sec": 0}, {"clip_uid": "b", "video_start_sec": 480.5})
    assert read_ego4d_excerpts(path) == {"a": Excerpt("rec", 0.0), "b": Excerpt("rec", 480.5)}


def test_the_schemas_own_example_is_read(real: Path) -> None:
    found = read_ego4d_excerpts(real / "ego4d_nlq_schema" / "ground_truth.json")
    assert found
    assert all(where.start_s >= 0 for where in found.values())


@pytest.mark.parametrize(
    "clip", [{"clip_uid": "a"}, {"video_start_sec": 1.0}, {"clip_uid": "a", "video_start_sec": "x"}]
)
def test_other_files_are_one_line(clip: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_ego4d_excerpts(written(tmp_path, clip))
    assert "nlq_val.json" in str(caught.value)
    assert "\n" not in str(caught.value)
