"""Locks on folders that several processes use: feature stores, teachers, runs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from spotvmr.errors import UserError
from spotvmr.system.files import disk_errors, make_folder

log = logging.getLogger(__name__)

_RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK")
"""Variables that hold the rank of a process; the order is Lightning's."""


def is_first_process() -> bool:
    """Whether this is the first process of a distributed run, or the only one.

    The environment that torchrun, Lightning and SLURM set says it before the processes have met.
    """
    ranks = (os.environ.get(name) for name in _RANKS)
    return int(next((rank for rank in ranks if rank), "0")) == 0


def machines() -> int:
    """Machines of a distributed run, from the variables of torchrun or ``srun``; 1 without them."""
    return int(os.environ.get("GROUP_WORLD_SIZE") or os.environ.get("SLURM_STEP_NUM_NODES") or 1)


@contextmanager
def lock_features(folder: Path) -> Iterator[None]:
    """Lock a folder of features while stores are filled; every other process waits.

    The further processes of a distributed run wait too: torchrun and SLURM start them together with the first.

    Raises:
        UserError: The folder cannot be written.
    """
    make_folder(folder)
    lock = filelock.FileLock(folder / ".lock")
    with disk_errors(folder):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def wait_for_run(folder: Path) -> Iterator[None]:
    """Lock a run folder, and wait for a process that has it: trainings that share a teacher train it once.

    The first process of a distributed run has the lock for all. The system frees it when that process ends.

    Raises:
        UserError: The folder cannot be written.
    """
    with _held(folder) as lock:
        if lock is not None and not lock.is_locked:
            log.info("waiting for another process that trains in %s", folder)
            lock.acquire()
        yield


@contextmanager
def fail_if_locked(folder: Path) -> Iterator[None]:
    """Lock a run folder without waiting: two trainings must not write to one folder.

    Raises:
        UserError: Another process trains in the folder, or it cannot be written.
    """
    with _held(folder) as lock:
        if lock is not None and not lock.is_locked:
            raise UserError(f"another training is running in {folder}; wait for it to end, or set name=ANOTHER_NAME")
        yield


@contextmanager
def _held(folder: Path) -> Iterator[filelock.BaseFileLock | None]:
    """Try to lock a folder, and free it at the end of the block; None on further processes."""
    if not is_first_process():
        yield None
        return
    make_folder(folder)
    lock = filelock.FileLock(folder / ".lock")
    with suppress(filelock.Timeout), disk_errors(folder):
        lock.acquire(timeout=0)
    try:
        yield lock
    finally:
        lock.release()
