from __future__ import annotations

import math
import os

import pytest

from spotvmr.system.processes import in_processes


def test_one_worker_works_here_in_order() -> None:
    assert list(in_processes(divmod, [(7, 2), (9, 4), (5, 5)], 1)) == [(3, 1), (2, 1), (1, 0)]
    assert set(in_processes(os.getpid, [()], 8)) == {os.getpid()}
    assert list(in_processes(abs, [], 2)) == []


def test_two_workers_do_every_job_elsewhere() -> None:
    found = list(in_processes(os.getpid, [()] * 4, 2))
    assert len(found) == 4
    assert os.getpid() not in found


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_error_comes_through(workers: int) -> None:
    with pytest.raises(ValueError, match="factorial"):
        list(in_processes(math.factorial, [(3,), (-1,), (4,)], workers))
