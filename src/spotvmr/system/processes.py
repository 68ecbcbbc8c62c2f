"""Runs one function on many inputs in worker processes."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing.connection import wait
from typing import Any, TypeVar

Result = TypeVar("Result")


def in_processes(work: Callable[..., Result], jobs: Sequence[tuple[Any, ...]], workers: int) -> Iterator[Result]:
    """Call ``work(*job)`` for every job; yield results as they are ready, in any order.

    Args:
        work: A module-level function whose arguments and result can be pickled.
        jobs: Its arguments, one tuple a call.
        workers: Number of processes. With 1 worker or a single job, this process does the work in order.

    Raises:
        Exception: The first exception of ``work``; waiting jobs are cancelled.
    """
    if workers <= 1 or len(jobs) <= 1:
        for job in jobs:
            yield work(*job)
        return
    # Spawn, not fork: the caller may have threads of torch or a decoder
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_follow_parent) as pool:
        futures = [pool.submit(work, *job) for job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _follow_parent() -> None:
    """End this worker when its parent is killed, so that it does not write files that another call writes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        threading.Thread(target=lambda: wait([sentinel]) and os._exit(1), daemon=True).start()
