"""The same work on many things, in processes of their own."""

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
    """Call ``work(*job)`` for every job; results come as they are done, in any order.

    Args:
        work: A function of a module, with arguments and result that can be pickled.
        jobs: Its arguments, one tuple a call.
        workers: Processes; with 1, or a single job, this process does the work, in the order of the jobs.

    Raises:
        Exception: The first that ``work`` raised; jobs not yet begun are dropped.
    """
    if workers <= 1 or len(jobs) <= 1:
        for job in jobs:
            yield work(*job)
        return
    # Spawned, not forked: the caller may hold threads of torch or a decoder
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_follow_parent) as pool:
        futures = [pool.submit(work, *job) for job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _follow_parent() -> None:
    """End this worker when its parent is killed, lest it goes on writing files that another call makes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        sentinel = parent.sentinel
        threading.Thread(target=lambda: wait([sentinel]) and os._exit(1), daemon=True).start()
