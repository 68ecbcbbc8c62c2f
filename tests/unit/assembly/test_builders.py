"""From configuration to networks."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch
from torch import nn

from spotvmr.assembly import build_student, build_teacher, start_as_teacher
from spotvmr.config import Config, DistillConfig, SelectorConfig, compose
from spotvmr.config.schema.models import ModelConfig, model_config_class
from spotvmr.errors import UserError
from spotvmr.selection import Selection, SelectionRequest, StoredExpert
from spotvmr.types.batches import ClipInputs, TextBatch

DIMS = (6, 5, 4)


def settings(name: str, **values: object) -> ModelConfig:
    """Small settings of a model, of those that it has."""
    kind = model_config_class(name)
    small = {"heads": 2, "conv_layers": 1, "kernel": 3, "reach": 4, "query_dependent": name == "qd_detr"}
    own = {key: value for key, value in small.items() if key in {field.name for field in fields(kind)}}
    return kind(name=name, dim=16, **own, **values)


SMALL = Config(model=settings("vslnet"))


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
    gumbel = SelectorConfig(name="spotter_gumbel", steps=6, train_steps=4)
    assert build_student(replace(SMALL, selector=gumbel), *DIMS).selector.steps == 4


def test_a_shared_encoder_adds_no_weights_to_the_spotter() -> None:
    shared = replace(SMALL, selector=SelectorConfig(encoder="shared"))
    own, less = (sum(p.numel() for p in build_student(c, *DIMS).selector.parameters()) for c in (SMALL, shared))
    fusion = sum(p.numel() for p in build_teacher(SMALL, *DIMS).model.fusion.parameters())
    assert own - less == fusion


@pytest.mark.parametrize("name", ["vslnet", "tan2d", "moment_detr", "qd_detr", "snag"])
def test_what_the_expert_saw_in_a_clip_changes_the_preview_of_its_neighbours(name: str) -> None:
    model = settings(name)
    encode = build_student(replace(SMALL, model=model), *DIMS).selector.encoder.eval()
    text = TextBatch(torch.ones(1, 3, 4), torch.ones(1, 3, dtype=torch.bool), torch.ones(1, 6))
    index, mask, looked = torch.zeros(1, 20, 6), torch.ones(1, 20, dtype=torch.bool), torch.zeros(1, 20, 5)
    looked[0, 9] = 1.0
    before, after = (encode(ClipInputs(index, seen, torch.zeros(1, 20), mask), text) for seen in (0 * looked, looked))
    assert not torch.allclose(before[0, [8, 10]], after[0, [8, 10]])


@pytest.mark.parametrize("indicator", [True, False])
@pytest.mark.parametrize("name", ["vslnet", "tan2d", "moment_detr", "qd_detr", "snag"])
def test_without_an_indicator_only_features_tell_which_clips_were_chosen(name: str, indicator: bool) -> None:
    torch.manual_seed(0)
    text = TextBatch(torch.ones(1, 3, 4), torch.ones(1, 3, dtype=torch.bool), torch.ones(1, 6))
    index, nothing, mask = torch.randn(1, 20, 6), torch.zeros(1, 20, 5), torch.ones(1, 20, dtype=torch.bool)
    system = build_student(replace(SMALL, model=settings(name, indicator=indicator)), *DIMS).eval()
    budget = torch.tensor([0.1])
    request = SelectionRequest(index, mask, text, budget, StoredExpert(nothing), system.model, ("a",))
    found = []
    for weight in (torch.zeros(1, 20), torch.ones(1, 20)):
        selection = Selection(weight > 0, weight, nothing, ())
        highlight = system.localise(index, mask, text, selection).highlight
        found.append(torch.cat([highlight, system.selector.preview(request, nothing, weight)]))
    for one, other in zip(*found, strict=True):
        assert torch.equal(one, other) is not indicator


@pytest.mark.parametrize(
    ("name", "kind", "is_trained", "continues"),
    [
        *((name, "ignored", False, False) for name in ("all", "none")),
        *((name, "exact", False, False) for name in ("random", "uniform", "similarity", "oracle")),
        *((name, "exact", True, True) for name in ("one_shot", "spotter")),
        ("spotter_gumbel", "soft", True, False),
    ],
)
def test_each_selector_declares_what_it_is(name: str, kind: str, is_trained: bool, continues: bool) -> None:
    selector = build_student(replace(SMALL, selector=SelectorConfig(name=name)), *DIMS).selector
    assert (selector.budget_kind, selector.is_trained, selector.continues) == (kind, is_trained, continues)
    assert bool(list(selector.parameters())) is is_trained


def test_a_trained_selector_without_a_loss_is_refused(tmp_path: Path) -> None:
    trained = OWN_SELECTOR.replace("(FixedSelector):\n", "(FixedSelector):\n    is_trained = True\n")
    (tmp_path / "first.py").write_text(trained)
    own = compose([f"selector={tmp_path}/first.py:First"])
    build_student(replace(SMALL, selector=own.selector), *DIMS)
    with pytest.raises(UserError, match=r"distill\.selection=0 leaves selector=First without a loss"):
        build_student(replace(SMALL, selector=own.selector, distill=DistillConfig(selection=0.0)), *DIMS)


def test_an_own_selector_is_a_class_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "first.py").write_text(OWN_SELECTOR)
    config = compose([f"selector={tmp_path}/first.py:First", "selector.options.skip=2"])
    assert (config.selector.name, config.selector.target) == ("First", f"{tmp_path}/first.py:First")
    selector = build_student(replace(SMALL, selector=config.selector), *DIMS).selector
    text = TextBatch(torch.ones(1, 3, 4), torch.ones(1, 3, dtype=torch.bool), torch.ones(1, 6))
    source, mask = StoredExpert(torch.ones(1, 10, 5)), torch.ones(1, 10, dtype=torch.bool)
    request = SelectionRequest(torch.ones(1, 10, 6), mask, text, torch.tensor([0.3]), source, None, ("a",))
    assert selector(request).chosen[0].nonzero().flatten().tolist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("{file}:Frist", "selector file .*first.py has no class 'Frist': did you mean 'First'"),
        ("none.py:First", "selector file none.py does not exist"),
        ("{file}:Plain", "Plain lacks budget_kind, is_trained, continues, on_progress of selection.Selector"),
    ],
)
def test_an_own_selector_that_does_not_fit_is_one_line(tmp_path: Path, choice: str, message: str) -> None:
    file = tmp_path / "first.py"
    file.write_text(OWN_SELECTOR)
    name = choice.replace("{file}", str(file))
    with pytest.raises(UserError, match=message):
        build_student(replace(SMALL, selector=SelectorConfig(name=name.rpartition(":")[2], target=name)), *DIMS)


def test_an_unknown_selector_gets_the_nearest_name() -> None:
    with pytest.raises(UserError, match=r"unknown selector.name 'spoter': did you mean 'spotter'"):
        build_student(replace(SMALL, selector=SelectorConfig(name="spoter")), *DIMS)


OWN_SELECTOR = """
import torch
from torch import nn
from spotvmr.selection import FixedSelector, Selector
class First(FixedSelector):
    def __init__(self, skip=0):
        super().__init__(lambda request: -(torch.arange(request.mask.shape[1]) - skip).float().abs()[None]
                         - 9.0 * (torch.arange(request.mask.shape[1]) < skip)[None])
class Plain(nn.Module):
    pass
"""
