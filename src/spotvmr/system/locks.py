"""Processes that meet in one folder: they take turns at a shared teacher, and never train one run twice."""

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
    """Machines of a distributed run, as torchrun or ``srun`` tells their processes; 1 without them."""
    return int(os.environ.get("GROUP_WORLD_SIZE") or os.environ.get("SLURM_STEP_NUM_NODES") or 1)


@contextmanager
def one_by_one(folder: Path) -> Iterator[None]:
    """Hold a folder of features while they are brought up to date; every other process waits.

    Also the further processes of a distributed run, which torchrun and SLURM start at the same time as the first.

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
def in_turn(folder: Path) -> Iterator[None]:
    """Hold a run folder: trainings that share a teacher wait for it instead of training it at the same time.

    The first process of a distributed run holds it for all; the system frees it when that dies.

    Raises:
        UserError: The folder cannot be written.
    """
    with _held(folder) as lock:
        if lock is not None and not lock.is_locked:
            log.info("waiting for another process that trains in %s", folder)
            lock.acquire()
        yield


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold a run folder as ``in_turn``, but never wait: one that is being trained is no place for a second training.

    Raises:
        UserError: Another process trains in the folder, or it cannot be written.
    """
    with _held(folder) as lock:
        if lock is not None and not lock.is_locked:
            raise UserError(f"another training is running in {folder}; wait for it to end, or set name=ANOTHER_NAME")
        yield


@contextmanager
def _held(folder: Path) -> Iterator[filelock.BaseFileLock | None]:
    """Try to take a folder's lock, and free it at the end of the block; None on further processes."""
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
