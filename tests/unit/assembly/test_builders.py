"""From configuration to networks."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from spotvmr.assembly import build_student, build_teacher, start_as_teacher
from spotvmr.config import Config, ModelConfig, SelectorConfig
from spotvmr.errors import UserError
from spotvmr.types.batches import ClipInputs, TextBatch

DIMS = (6, 5, 4)
SMALL = Config(model=ModelConfig(dim=16, heads=2, conv_layers=1, kernel=3, reach=4))


def same(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_a_student_starts_as_its_teacher_in_its_spotter_too() -> None:
    teacher, student = build_teacher(SMALL, *DIMS), build_student(SMALL, *DIMS)
    assert not same(teacher.model, student.model)
    start_as_teacher(student, teacher)
    assert same(teacher.model, student.model)
    assert same(teacher.model.fusion, student.selector.encoder)


@pytest.mark.parametrize(("steps", "penalties"), [(6, (3, 3, 3, 2, 1, 0)), (3, (2, 1, 0)), (1, (0,))])
def test_early_steps_keep_clips_apart_and_the_last_does_not(steps: int, penalties: tuple[int, ...]) -> None:
    asked, learnt = (SelectorConfig(**{key: steps}) for key in ("steps", "train_steps"))
    assert build_student(replace(SMALL, selector=asked), *DIMS).selector.penalties == penalties
    assert build_student(replace(SMALL, selector=learnt), *DIMS).selector.train_penalties == penalties


def test_the_gumbel_spotter_asks_in_as_many_steps_as_it_learns() -> None:
    gumbel = SelectorConfig("spotter_gumbel", steps=6, train_steps=4)
    assert build_student(replace(SMALL, selector=gumbel), *DIMS).selector.steps == 4


def test_a_shared_encoder_adds_no_weights_to_the_spotter() -> None:
    shared = replace(SMALL, selector=SelectorConfig(encoder="shared"))
    own, less = (sum(p.numel() for p in build_student(c, *DIMS).selector.parameters()) for c in (SMALL, shared))
    fusion = sum(p.numel() for p in build_teacher(SMALL, *DIMS).model.fusion.parameters())
    assert own - less == fusion


@pytest.mark.parametrize("name", ["vslnet", "tan2d", "moment_detr", "qd_detr", "snag"])
def test_what_the_expert_saw_in_a_clip_changes_the_preview_of_its_neighbours(name: str) -> None:
    model = replace(SMALL.model, name=name, query_dependent=name == "qd_detr")
    encode = build_student(replace(SMALL, model=model), *DIMS).selector.encoder.eval()
    text = TextBatch(torch.ones(1, 3, 4), torch.ones(1, 3, dtype=torch.bool), torch.ones(1, 6))
    index, mask, looked = torch.zeros(1, 20, 6), torch.ones(1, 20, dtype=torch.bool), torch.zeros(1, 20, 5)
    looked[0, 9] = 1.0
    before, after = (encode(ClipInputs(index, seen, torch.zeros(1, 20), mask), text) for seen in (0 * looked, looked))
    assert not torch.allclose(before[0, [8, 10]], after[0, [8, 10]])


def test_an_indicator_can_only_be_hidden_from_an_encoder_that_the_spotter_copies() -> None:
    model = replace(SMALL.model, name="qd_detr", indicator=False)
    with pytest.raises(UserError, match="model qd_detr has none"):
        build_student(replace(SMALL, model=model), *DIMS)


@pytest.mark.parametrize("name", ["vslnet", "tan2d", "moment_detr", "snag"])
def test_without_an_indicator_only_features_tell_which_clips_were_chosen(name: str) -> None:
    text = TextBatch(torch.ones(1, 3, 4), torch.ones(1, 3, dtype=torch.bool), torch.ones(1, 6))
    index, nothing, mask = torch.randn(1, 20, 6), torch.zeros(1, 20, 5), torch.ones(1, 20, dtype=torch.bool)
    pair = [ClipInputs(index, nothing, chosen, mask) for chosen in (torch.zeros(1, 20), torch.ones(1, 20))]
    for indicator in (True, False):
        model = replace(SMALL.model, name=name, query_dependent=name != "moment_detr", indicator=indicator)
        system = build_student(replace(SMALL, model=model), *DIMS).eval()
        for encode in (system.model.encode, system.selector.encoder):
            assert torch.equal(encode(pair[0], text), encode(pair[1], text)) is not indicator
