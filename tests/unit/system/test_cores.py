"""The cores of a process: affinity and the quotas of containers."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from spotvmr.system import cores
from spotvmr.system.cores import cgroup_quota, usable_cores


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose process of 8 cores is in the cgroup /pod/box; gives the folder of its cgroups."""
    (tmp_path / "membership").write_text("12:cpu:/old\n0::/pod/box\n")
    (tmp_path / "root/pod/box").mkdir(parents=True)
    monkeypatch.setattr(cores, "_MEMBERSHIP", tmp_path / "membership")
    monkeypatch.setattr(cores, "_CGROUPS", tmp_path / "root")
    monkeypatch.setattr(os, "process_cpu_count", lambda: 8, raising=False)
    return tmp_path / "root"


@pytest.mark.parametrize(
    ("box", "pod", "expected"),
    [
        ("200000 100000", None, 2),
        ("150000 100000", None, 2),  # a share of a core is rounded up
        ("10000 100000", None, 1),
        ("max 100000", None, 8),
        ("max 100000", "300000 100000", 3),
        ("400000 100000", "300000 100000", 3),
        ("9900000 100000", None, 8),
        ("", None, 8),
    ],
)
def test_the_smallest_quota_counts(machine: Path, box: str, pod: str | None, expected: int) -> None:
    (machine / "pod/box/cpu.max").write_text(f"{box}\n")
    if pod:
        (machine / "pod/cpu.max").write_text(f"{pod}\n")
    assert usable_cores() == expected


def test_inside_a_container_the_quota_is_at_the_root(machine: Path, tmp_path: Path) -> None:
    (tmp_path / "membership").write_text("0::/\n")
    (machine / "cpu.max").write_text("250000 100000\n")
    assert cgroup_quota(tmp_path / "membership", machine) == 2.5


def test_without_cgroups_the_affinity_counts(machine: Path, tmp_path: Path) -> None:
    assert cgroup_quota(tmp_path / "absent", machine) == math.inf
    (tmp_path / "membership").unlink()
    assert usable_cores() == 8


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no affinity")
def test_before_python_3_13_the_affinity_is_read(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5})
    assert usable_cores() == 3
