"""The cost of a collection: the formulas against simulation, and against the ledger's own accounting."""

from __future__ import annotations

import json

import numpy as np
import pytest

from spotvmr.cli.main import main
from spotvmr.cost import QueryCost, VideoCost, amortise
from spotvmr.cost.collection import EncoderCost, Throughput, collection_cost, distinct_clips

INDEX, EXPERT = EncoderCost(gflops=4.785, dim=512), EncoderCost(gflops=1296.0, dim=2304)


def drawn(n_clips: int, chosen: int, queries: int, random: np.random.Generator) -> list[frozenset[int]]:
    """The clips of queries that choose independently."""
    return [frozenset(random.choice(n_clips, chosen, replace=False).tolist()) for _ in range(queries)]


@pytest.mark.parametrize("queries", [1, 3, 10, 40])
def test_distinct_clips_are_those_of_a_simulation(queries: int) -> None:
    random = np.random.default_rng(0)
    unions = [len(frozenset().union(*drawn(480, 48, queries, random))) for _ in range(200)]
    assert distinct_clips(480, 48, queries) == pytest.approx(np.mean(unions), rel=0.01)


def test_the_plan_is_what_the_ledger_adds_up_for_simulated_videos() -> None:
    random = np.random.default_rng(1)
    videos = [
        VideoCost(480, tuple(QueryCost(0.0, 0.0, 0.0, clips) for clips in drawn(480, 48, 10, random)))
        for _ in range(50)
    ]
    spent = amortise(videos, INDEX.gflops, EXPERT.gflops)
    plan = collection_cost(50 * 480 / 3600, 480 / 3600, 10, 1.0, INDEX, EXPERT, 0.1, Throughput())
    assert plan.ratio_to_dense == pytest.approx(spent.ratio_to_dense["all"], rel=0.01)
    assert plan.clips == pytest.approx(50 * 480)


def test_at_the_break_even_both_cost_the_same() -> None:
    even = collection_cost(1e4, 1.0, 1, 1.0, INDEX, EXPERT, 0.1, Throughput()).even_queries
    assert even is not None
    assert collection_cost(1e4, 1.0, even, 1.0, INDEX, EXPERT, 0.1, Throughput()).ratio_to_dense == pytest.approx(
        1.0, rel=1e-9
    )


def test_an_index_as_dear_as_the_expert_never_pays() -> None:
    assert collection_cost(1e4, 1.0, 1, 1.0, EXPERT, EXPERT, 0.1, Throughput()).even_queries is None


def test_a_tiny_encoder_waits_for_the_decoder_and_a_large_one_for_the_gpu() -> None:
    tiny = collection_cost(1e4, 1.0, 1, 1.0, EncoderCost(0.01, 96), EXPERT, 0.1, Throughput())
    assert (tiny.index.bottleneck, tiny.dense.bottleneck) == ("decoding", "gpu")
    assert tiny.index.hours == tiny.index.core_hours / Throughput().cores_per_gpu
    assert tiny.dense.gpu_hours == pytest.approx(3.6e7 * 1.296 / 40 / 3600)


def test_a_million_hours_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["cost", "index=mobileclip2-s0", "expert=vit-l-14", "hours=1e6", "minutes=60", "queries=10"]
    assert main([*words, "tflops=80", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["collection"]
    assert found["videos"] == pytest.approx(1e6)
    assert found["index_bytes"] == pytest.approx(1e6 * 3600 * 1024)
    assert found["dense"]["gpu_hours"] == pytest.approx(3.6e9 * 1.2962 / 80 / 3600, rel=1e-3)
    assert main(words) == 0
    assert "% of the TFLOPs of dense, which is cheaper from 53.2 queries" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["minutes=0"], ["queries=none"], ["tflops=-1"], ["hours=1", "minutes=61"]])
def test_rates_that_are_none_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", *words]) == 2
    assert words[-1].split("=")[0] in capsys.readouterr().err
