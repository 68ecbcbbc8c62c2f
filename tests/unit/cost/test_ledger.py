"""The ledger charges every second once and gives the record its stages."""

from __future__ import annotations

import time

import pytest

from spotvmr.cost import Ledger
from spotvmr.types.record import STAGES


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that stands still until its one number is moved."""
    clock = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    return clock


def test_seconds_and_counts_go_to_their_stage(now: list[float]) -> None:
    ledger = Ledger()
    with ledger.stage("expert", clips=3):
        now[0] += 2.0
    with ledger.stage("expert", clips=4, gflops=1.5):
        now[0] += 0.5
    ledger.add("decode", frames=12)
    stages = ledger.stages()
    assert stages["expert"] == {"gflops": 1.5, "seconds": 2.5, "clips": 7}
    assert stages["decode"] == {"seconds": 0.0, "frames": 12}
    assert ledger.seconds == 2.5
    assert ledger.gflops == 1.5


def test_stages_have_the_keys_of_the_record() -> None:
    assert {stage: tuple(row) for stage, row in Ledger().stages().items()} == dict(STAGES)


def test_an_inner_stage_pauses_the_outer(now: list[float]) -> None:
    ledger = Ledger()
    with ledger.stage("expert"):
        now[0] += 1.0
        with ledger.stage("decode"):
            now[0] += 10.0
        now[0] += 2.0
    now[0] += 50.0
    assert ledger.stages()["expert"]["seconds"] == 3.0
    assert ledger.stages()["decode"]["seconds"] == 10.0
    assert ledger.seconds == 13.0


def test_time_before_a_failure_is_charged_and_the_stage_closed(now: list[float]) -> None:
    ledger = Ledger()

    def fail() -> None:
        with ledger.stage("model"):
            now[0] += 1.0
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    now[0] += 5.0
    with ledger.stage("text"):
        now[0] += 2.0
    assert ledger.stages()["model"]["seconds"] == 1.0
    assert ledger.stages()["text"]["seconds"] == 2.0


def test_merge_adds_and_round_trips_through_the_record() -> None:
    one, two = Ledger(), Ledger()
    one.add("index", gflops=1.0, seconds=2.0)
    two.add("index", gflops=3.0, seconds=4.0)
    two.add("decode", frames=5, seconds=0.5)
    one.merge(Ledger.from_stages(two.stages()))
    assert one.stages()["index"] == {"gflops": 4.0, "seconds": 6.0}
    assert one.stages()["decode"] == {"seconds": 0.5, "frames": 5}
    assert two.stages()["index"]["gflops"] == 3.0


def test_bad_charges_are_refused() -> None:
    ledger = Ledger()
    with pytest.raises(ValueError, match="unknown stage 'exprt'"):
        ledger.add("exprt", gflops=1.0)
    for amount in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite"):
            ledger.add("expert", gflops=amount)
    ledger.add("text", frames=3)
    with pytest.raises(ValueError, match="text was charged 3 frames"):
        ledger.stages()
