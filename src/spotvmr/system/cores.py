"""The processor cores that this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

_MEMBERSHIP = Path("/proc/self/cgroup")
_CGROUPS = Path("/sys/fs/cgroup")


def usable_cores() -> int:
    """Cores that the affinity of this process and the CPU quota of its containers leave, at least one.

    A quota (``docker --cpus``, Kubernetes limits) is read from ``cpu.max`` of cgroup v2 and rounded up.
    """
    count: int | None
    if hasattr(os, "process_cpu_count"):  # since Python 3.13
        count = os.process_cpu_count()
    elif hasattr(os, "sched_getaffinity"):  # not on macOS
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count()
    return max(1, math.ceil(min(count or 1, cgroup_quota(_MEMBERSHIP, _CGROUPS))))


def cgroup_quota(membership: Path, root: Path) -> float:
    """The smallest CPU quota over the cgroup of a process and those around it, in cores; infinity without any.

    Args:
        membership: ``/proc/PID/cgroup`` of the process.
        root: Where cgroup v2 is mounted.
    """
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        return math.inf
    own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    folder = root / own
    return min(_quota(place / "cpu.max") for place in (folder, *folder.parents) if place.is_relative_to(root))


def _quota(path: Path) -> float:
    """The quota of one cgroup: microseconds of processor time in each period; ``max`` is no limit."""
    try:
        quota, period = path.read_text(encoding="utf-8").split()
        return math.inf if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return math.inf
