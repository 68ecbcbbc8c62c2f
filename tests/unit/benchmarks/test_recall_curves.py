"""Records of runs and of the teachers that they learnt from."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from spotvmr.benchmarks.recall import curves as recall_curves
from spotvmr.benchmarks.recall.curves import Scored, read_scored, rows

SCORES = {"demo-teacher-vslnet-aa": 0.75, "demo-teacher-vslnet-bb": 0.5, "demo-teacher-vslnet-cc": 1.0}
TEACHERS = {"spotter-s0": "aa", "steps_1-s0": "aa", "no_room-s0": "bb", "spotter-s1": "cc"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs of three arms, one of which has a teacher of its own."""
    for name in (*SCORES, *TEACHERS):
        (tmp_path / name).mkdir()
        (tmp_path / name / "record.json").touch()

    def read_one(path: Path) -> Scored:
        name = path.parent.name
        selection = SimpleNamespace(gt_clip_recall=1.0, fraction_mean=0.1, fraction_p95=0.1, fraction_max=0.1)
        cost = SimpleNamespace(ratio_to_dense={"q1": 0.1})
        record = SimpleNamespace(dataset="demo", annotations_digest="0", budget=0.1, selection=selection, cost=cost)
        hits = np.arange(4) < 4 * SCORES.get(name, 0.5)
        seed = 1 if name in ("spotter-s1", "demo-teacher-vslnet-cc") else 0
        return Scored(name.partition("-")[0], seed, record, hits.astype(float))  # type: ignore[arg-type]

    monkeypatch.setattr(recall_curves, "read_one", read_one)
    monkeypatch.setattr(recall_curves, "read_identity", lambda path: {"teacher": TEACHERS[path.parent.name]})
    return tmp_path


def test_each_arm_is_set_against_the_teacher_it_learnt_from(folder: Path) -> None:
    table = rows(read_scored(folder, ["spotter", "no_room", "steps_1"]))
    assert [(row.arm, row.seeds, row.score, row.of_teacher) for row in table] == [
        ("teacher", (0, 1), 0.875, 1.0),
        ("teacher of no_room", (0,), 0.5, 1.0),
        ("spotter", (0, 1), 0.5, pytest.approx(0.5 / 0.875)),
        ("no_room", (0,), 0.5, 1.0),
        ("steps_1", (0,), 0.5, pytest.approx(0.5 / 0.75)),
    ]


def test_a_teacher_of_one_arm_alone_is_the_teacher(folder: Path) -> None:
    assert [row.arm for row in rows(read_scored(folder, ["no_room"]))] == ["teacher", "no_room"]
