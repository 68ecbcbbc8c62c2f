"""Describes the environment of a result: machine, packages and commit."""

from __future__ import annotations

import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

from spotvmr.system.cores import usable_cores
from spotvmr.types.record import Hardware

_GIT_TIMEOUT_S = 10.0
_CPUINFO = Path("/proc/cpuinfo")


def origin(*program: str) -> dict[str, Any]:
    """Time, commit, command and machine of a result, for the head of a JSON file.

    Args:
        program: Name of the program; the words of the command line are appended.
    """
    return {
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "git": git_describe(),
        "command": shlex.join([*program, *sys.argv[1:]]),
        "hardware": asdict(hardware()),
    }


def hardware(gpu: str | None = None) -> Hardware:
    """Describe this machine.

    Args:
        gpu: Name of the accelerator in use (``torch.cuda.get_device_name()``); this module never loads torch.

    Returns:
        Name of the processor, number of usable cores, and the accelerator.
    """
    return Hardware(cpu=_cpu_name(), cores=usable_cores(), gpu=gpu)


def _cpu_name() -> str:
    # platform.processor() is empty on most Linux systems.
    if _CPUINFO.is_file():
        for line in _CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown"


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Look up the installed versions of distributions; missing ones are omitted.

    Args:
        packages: Names as on the package index, such as ``open_clip_torch``.
    """
    found = {}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def git_describe(folder: Path | None = None) -> str:
    """Name the commit of a checkout, with ``-dirty`` when files differ from the commit.

    Args:
        folder: Any folder of the checkout; by default the folder of this package.

    Returns:
        Tag or abbreviated hash; "" outside a checkout, without commits or without git.
    """
    if folder is None:
        folder = Path(__file__).resolve().parent
        # A wheel in the .venv of another project must not get the commit of that project.
        if "site-packages" in folder.parts:
            return ""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--tags"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
