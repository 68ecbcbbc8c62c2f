"""The machine: devices, threads, memory, disk, and whether runs can be sent to Weights & Biases."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path

import psutil

from spotvmr.doctor.findings import Finding
from spotvmr.system.wandb_login import key_source, server
from spotvmr.types.environment import hardware

PART = "machine"
_GB = 1e9
_LITTLE_GB = 5.0


def check_machine(folders: Mapping[str, Path]) -> list[Finding]:
    """Check processor, accelerators, memory and disks.

    Args:
        folders: Folders that commands write to, by name; they need not exist.
    """
    cpu = hardware()
    memory = psutil.virtual_memory()
    return [
        Finding(PART, "python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        Finding(PART, "processor", "ok", f"{cpu.cpu}, {cpu.cores} cores for this process"),
        *check_devices(),
        Finding(PART, "memory", "ok", f"{memory.available / _GB:.1f} of {memory.total / _GB:.1f} GB free"),
        *(check_disk(name, path) for name, path in folders.items()),
        check_wandb(os.environ, Path.home()),
    ]


def check_devices() -> list[Finding]:
    """Threads and accelerators, as torch sees them."""
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a shared library that does not fit this machine
        return [Finding(PART, "devices", "missing", f"torch cannot be imported ({str(error).splitlines()[0]})")]
    variable = os.environ.get("OMP_NUM_THREADS")
    threads = f"{torch.get_num_threads()} of torch" + (f" (OMP_NUM_THREADS={variable})" if variable else "")
    names = [f"cuda:{n} {torch.cuda.get_device_name(n)}" for n in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    found = ", ".join(names) or "no accelerator; everything runs on the processor"
    return [Finding(PART, "threads", "ok", threads), Finding(PART, "devices", "ok" if names else "note", found)]


def check_disk(name: str, folder: Path) -> Finding:
    """Free space where a folder is, or would be made."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / _GB
    if not os.access(place, os.W_OK):
        return Finding(PART, f"disk of {name}", "missing", f"{place} cannot be written; set paths.{name}=FOLDER")
    state, hint = (
        ("ok", "") if free >= _LITTLE_GB else ("note", f"; little: features of long videos need {_LITTLE_GB:g}")
    )
    return Finding(PART, f"disk of {name}", state, f"{free:.0f} GB free for {folder}{hint}")


def check_wandb(environment: Mapping[str, str], home: Path) -> Finding:
    """Whether wandb would find a login. Nothing is sent or shown.

    Args:
        environment: Environment variables.
        home: Home folder.
    """
    mode = environment.get("WANDB_MODE", "online")
    if mode in ("offline", "disabled"):
        return Finding(PART, "wandb", "note", f"WANDB_MODE={mode}: nothing leaves this machine")
    if source := key_source(environment, home):
        return Finding(PART, "wandb", "ok", f"logged in at {server(environment)} by {source}")
    return Finding(PART, "wandb", "note", f"not logged in at {server(environment)}: wandb login, or WANDB_MODE=offline")
