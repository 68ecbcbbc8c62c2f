"""Selector and VMR model as one: who ranks the moments."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from spotvmr.assembly import BudgetedVmr, SystemOutput, build_student
from spotvmr.config import Config, SelectorConfig
from spotvmr.config.schema.models import VslNetConfig
from spotvmr.selection import StoredExpert
from spotvmr.types import Moment
from spotvmr.types.batches import TextBatch

SMALL = Config(model=VslNetConfig(dim=16, heads=2, conv_layers=1, kernel=3, reach=4))
LENGTHS = (40, 25)


def student(name: str, rerank: float = 0.1) -> BudgetedVmr:
    torch.manual_seed(0)
    return build_student(replace(SMALL, selector=SelectorConfig(name, rerank=rerank)), 6, 5, 6).eval()


def asked(system: BudgetedVmr, rows: list[int]) -> tuple[SystemOutput, Tensor]:
    generator = torch.Generator().manual_seed(1)
    index, expert, tokens, sentence = (
        torch.randn(2, *shape, generator=generator) for shape in ((40, 6), (40, 5), (3, 6), (6,))
    )
    width = max(LENGTHS[row] for row in rows)
    lengths = torch.tensor(LENGTHS)[rows]
    mask = torch.arange(width)[None] < lengths[:, None]
    text = TextBatch(tokens[rows], torch.ones(len(rows), 3, dtype=torch.bool), sentence[rows])
    source, budget = StoredExpert(expert[rows, :width]), torch.full((len(rows),), 0.2)
    return system(index[rows, :width], mask, text, budget, source, tuple(map(str, rows))), lengths.float()


@torch.no_grad()
def ranked(system: BudgetedVmr, rows: list[int]) -> list[list[Moment]]:
    output, duration_s = asked(system, rows)
    return system.decode(output.selection, output.vmr, 1.0, duration_s)


@torch.no_grad()
def ranked_by_model(system: BudgetedVmr, rows: list[int]) -> list[list[Moment]]:
    output, duration_s = asked(system, rows)
    return system.model.decode(output.vmr, 1.0, duration_s)


@pytest.mark.parametrize("name", ["spotter", "one_shot"])
def test_the_scores_of_a_selector_change_those_of_moments_and_not_their_borders(name: str) -> None:
    both, alone = (way(student(name), [0, 1]) for way in (ranked, ranked_by_model))
    assert both != alone
    for left, right in zip(both, alone, strict=True):
        assert {(m.start_s, m.end_s) for m in left} == {(m.start_s, m.end_s) for m in right}
        assert [m.score for m in left] == sorted((m.score for m in left), reverse=True)
        assert all(0 <= m.score <= 1 for m in left)


@pytest.mark.parametrize(("name", "rerank"), [("spotter", 0.0), ("similarity", 0.1), ("uniform", 0.1), ("none", 0.1)])
def test_without_weight_or_scores_the_model_ranks_alone(name: str, rerank: float) -> None:
    system = student(name, rerank)
    assert ranked(system, [0, 1]) == ranked_by_model(system, [0, 1])


def test_padding_has_no_say() -> None:
    system = student("spotter")
    in_batch, alone = ranked(system, [0, 1])[1], ranked(system, [1])[0]
    for left, right in zip(in_batch, alone, strict=True):
        assert (left.start_s, left.end_s) == pytest.approx((right.start_s, right.end_s), abs=1e-3)
        assert left.score == pytest.approx(right.score, rel=1e-4)
