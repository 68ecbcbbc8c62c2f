"""Loss terms, outputs and gradients of every model are the numbers that were recorded with the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spotvmr.assembly import build_criterion, build_student, build_teacher
from spotvmr.config import compose
from spotvmr.selection import StoredExpert
from spotvmr.types.batches import TargetBatch, TextBatch

RECORDED = json.loads((Path(__file__).parent / "numbers_of_models.json").read_text(encoding="utf-8"))
DIMS = (6, 5, 4)


def batch() -> tuple[Tensor, Tensor, Tensor, TextBatch, TargetBatch]:
    """Index and expert features, mask, sentences and ground truth."""
    g = torch.Generator().manual_seed(1)
    b, t, n = 3, 40, 6
    index, expert = torch.randn(b, t, DIMS[0], generator=g), torch.randn(b, t, DIMS[1], generator=g)
    mask = torch.arange(t)[None] < torch.tensor([40, 31, 17])[:, None]
    tokens, words = torch.randn(b, n, DIMS[2], generator=g), torch.arange(n)[None] < torch.tensor([6, 4, 3])[:, None]
    text = TextBatch(tokens, words, torch.randn(b, DIMS[0], generator=g))
    span = torch.tensor([[3.2, 9.5], [0.0, 2.0], [10.0, 16.4]])
    edges = torch.arange(t + 1.0)
    inside = (torch.minimum(edges[1:], span[:, 1:]) - torch.maximum(edges[:-1], span[:, :1])).clamp(0, 1)
    return index, expert, mask, text, TargetBatch(span, inside, torch.zeros_like(inside, dtype=torch.bool))


@pytest.mark.parametrize("case", sorted(RECORDED))
def test_a_model_behind_a_selector_gives_the_recorded_numbers(case: str) -> None:
    name, selector = case.split("/")
    config = compose([f"model={name}", f"selector={selector}", "model.dim=16"])
    torch.manual_seed(0)
    student, teacher = build_student(config, *DIMS), build_teacher(config, *DIMS)
    criterion = build_criterion(config, student.model)
    index, expert, mask, text, target = batch()
    source, keys, budget = StoredExpert(expert), ("a", "b", "c"), torch.full((3,), 0.3, dtype=torch.float64)
    torch.manual_seed(5)
    with torch.no_grad():
        known = teacher.eval()(index, mask, text, torch.ones(3), source, keys, target).vmr
    out = student.train()(index, mask, text, budget, source, keys, target)
    terms = criterion(out, target, known)
    torch.stack(list(terms.values())).sum().backward()
    numbers = {term: value.item() for term, value in terms.items()}
    numbers["fused"] = out.vmr.fused.double().sum().item()
    numbers["grad"] = sum(p.grad.double().abs().sum().item() for p in student.parameters() if p.grad is not None)
    with torch.no_grad():
        out = student.eval()(index, mask, text, budget, source, keys, target)
    moments = student.decode(out.selection, out.vmr, 1.0, mask.sum(-1).float())[0][:2]
    recorded = dict(RECORDED[case])
    # The last digits differ from one processor to another.
    assert [[m.start_s, m.end_s, m.score] for m in moments] == [
        pytest.approx(m, rel=1e-4) for m in recorded.pop("moments")
    ]
    assert numbers == pytest.approx(recorded, rel=1e-4, abs=1e-6)
