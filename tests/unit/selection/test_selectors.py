"""Every selector keeps the same contract."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from spotvmr.errors import UserError
from spotvmr.selection import (
    AllClips,
    FixedSelector,
    NoClips,
    Selection,
    SelectionRequest,
    Spotter,
    StoredExpert,
    clips_allowed,
    oracle_rule,
    random_rule,
    similarity_rule,
    uniform_rule,
)
from spotvmr.types.batches import ClipInputs, TargetBatch, TextBatch

DIM = 8


class Host(nn.Module):
    """A cross-modal encoder without mixing over time."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6 + 4 + 1, DIM)

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        return self.layer(torch.cat([clips.index, clips.expert, clips.chosen[..., None]], -1))


def request(lengths: tuple[int, ...] = (40, 25), budget: float = 0.2, width: int | None = None) -> SelectionRequest:
    generator = torch.Generator().manual_seed(3)
    width = width or max(lengths)
    b = len(lengths)
    mask = torch.arange(width)[None] < torch.tensor(lengths)[:, None]
    index, expert = torch.zeros(b, width, 6), torch.zeros(b, width, 4)
    inside, other_moments = torch.zeros(b, width), torch.zeros(b, width, dtype=torch.bool)
    for row, n in enumerate(lengths):
        index[row, :n] = torch.randn(n, 6, generator=generator)
        expert[row, :n] = torch.randn(n, 4, generator=generator)
        inside[row, 3:7], other_moments[row, 10:20] = 1, True
    text = TextBatch(torch.randn(b, 5, 3), torch.ones(b, 5, dtype=torch.bool), torch.ones(b, 6))
    torch.manual_seed(0)  # the host's weights
    target = TargetBatch(torch.tensor([[3.0, 7.0]] * b), inside, other_moments)
    keys = tuple(f"q{row}" for row in range(b))
    return SelectionRequest(index, mask, text, torch.full((b,), budget), StoredExpert(expert), Host(), keys, target)


def spotter(steps: int = 3) -> Spotter:
    torch.manual_seed(1)
    return Spotter(DIM, range(steps)[::-1], (1, 0), spread=2, noise=1.0)


BUDGETED = {
    "random": lambda: FixedSelector(random_rule(0)),
    "uniform": lambda: FixedSelector(uniform_rule),
    "similarity": lambda: FixedSelector(similarity_rule),
    "oracle": lambda: FixedSelector(oracle_rule),
    "one_shot": lambda: spotter(1),
    "spotter": spotter,
}


@pytest.mark.parametrize("name", BUDGETED)
@pytest.mark.parametrize("budget", [0.001, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("training", [False, True])
def test_a_selector_takes_exactly_its_budget_of_valid_clips(name: str, budget: float, training: bool) -> None:
    asked = request(budget=budget)
    got = BUDGETED[name]().train(training)(asked)
    assert got.chosen.sum(-1).tolist() == clips_allowed(asked.budget, asked.mask).tolist()
    assert not (got.chosen & ~asked.mask).any()
    _check_consistent(got, asked)


@pytest.mark.parametrize(("selector", "share"), [(AllClips(), 1), (NoClips(), 0)])
def test_the_two_ends_ignore_the_budget(selector: nn.Module, share: int) -> None:
    asked = request()
    got = selector(asked)
    assert (got.chosen.sum(-1) == share * asked.mask.sum(-1)).all()
    _check_consistent(got, asked)


def _check_consistent(got: Selection, asked: SelectionRequest) -> None:
    torch.testing.assert_close(got.weight.detach(), got.chosen.float())
    assert torch.stack(got.steps).sum(0).equal(got.chosen.long())
    everything = asked.source.fetch(torch.ones_like(got.weight))
    torch.testing.assert_close(got.expert.detach(), everything * got.chosen[..., None])


@pytest.mark.parametrize("name", BUDGETED)
def test_selection_is_deterministic_outside_training_and_ignores_padding(name: str) -> None:
    selector = BUDGETED[name]().eval()
    short, long = selector(request()).chosen, selector(request(width=90)).chosen
    assert short.equal(selector(request()).chosen)
    assert short.equal(long[:, :40])


def test_uniform_spreads_clips_evenly() -> None:
    chosen = FixedSelector(uniform_rule)(request((40,), budget=0.1)).chosen
    assert chosen[0].nonzero().flatten().tolist() == [5, 15, 25, 35]


def test_random_differs_between_queries_and_seeds() -> None:
    asked = request((40, 40))
    chosen = FixedSelector(random_rule(0))(asked).chosen
    assert not chosen[0].equal(chosen[1])
    assert not chosen.equal(FixedSelector(random_rule(1))(asked).chosen)


def test_similarity_takes_the_clips_most_like_the_sentence() -> None:
    asked = request((40,), budget=0.025)
    cosine = torch.nn.functional.cosine_similarity(asked.index[0], asked.text.sentence[0], dim=-1)
    chosen = FixedSelector(similarity_rule)(asked).chosen
    assert chosen[0].nonzero().item() == cosine.argmax().item()


def test_oracle_mixes_the_truth_with_as_many_decoys() -> None:
    asked = request((40,), budget=0.2)  # 8 clips: 4 true ones, 4 of the 10 of other events
    chosen = FixedSelector(oracle_rule)(asked).chosen[0]
    assert chosen[3:7].all()
    assert chosen[10:20].sum() == 4


def test_spotter_looks_again_after_each_step() -> None:
    asked = request((40,), budget=0.3)
    got = spotter().eval()(asked)
    assert len(got.scores) == len(got.steps) == 3
    assert [int(step.sum()) for step in got.steps] == [4, 4, 4]
    assert not torch.allclose(got.scores[0], got.scores[1])
    assert [int(step.sum()) for step in spotter().train()(asked).steps] == [6, 6]


def test_spotter_probes_two_events_first_and_fills_the_better_one_last() -> None:
    selector = Spotter(DIM, (3, 3, 0), (0,), spread=2, noise=1.0).eval()
    told = torch.full((1, 40), -9.0)
    told[0, 10:13] = torch.tensor([1.0, 1.1, 1.0])
    told[0, 20:23] = torch.tensor([0.0, 0.1, 0.0])
    selector.preview = lambda *_: told  # type: ignore[method-assign]
    steps = selector(request((40,), budget=0.1)).steps
    assert [step[0].nonzero().flatten().tolist() for step in steps] == [[11], [21], [10, 12]]


def test_spotter_is_told_the_budget() -> None:
    selector = spotter(1).eval()
    assert not torch.allclose(selector(request(budget=0.1)).scores[0], selector(request(budget=0.9)).scores[0])


def test_no_gradient_passes_the_choice_and_every_preview_gets_one_from_its_scores() -> None:
    selector = spotter().train()
    got = selector(request())
    assert not got.weight.requires_grad
    assert not got.expert.requires_grad
    for scores in got.scores:
        selector.zero_grad()
        scores.square().sum().backward(retain_graph=True)
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in selector.head.parameters())


def test_noise_varies_training_selections() -> None:
    selector = spotter().train()
    asked = request()
    drawn = [selector(asked).chosen for _ in range(4)]
    assert any(not drawn[0].equal(other) for other in drawn[1:])


def test_an_encoder_of_its_own_leaves_the_host_alone() -> None:
    asked, own = request(), Host()
    torch.manual_seed(1)
    selector = Spotter(DIM, (2, 1, 0), (2, 1, 0), spread=2, noise=1.0, encoder=_Encoder(own)).train()
    torch.stack(selector(asked).scores).sum().backward()
    assert all(p.grad is None for p in asked.vmr_model.parameters())
    assert all(p.grad is not None for p in own.parameters())


class _Encoder(nn.Module):
    """A host's encoder as a module to call."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host

    def forward(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        return self.host.encode(clips, text)


def test_similarity_refuses_sentences_of_another_space() -> None:
    asked = request()
    words = TextBatch(asked.text.tokens, asked.text.mask, torch.ones(2, 256))
    with pytest.raises(UserError, match="compares sentences of 256 channels with index features of 6: set text="):
        similarity_rule(replace(asked, text=words))


@pytest.mark.parametrize("steps", [1, 3])
def test_a_spotter_goes_on_from_what_it_chose_before(steps: int) -> None:
    selector = spotter(steps).eval()
    first = selector(request(budget=0.1))
    more = selector(replace(request(budget=0.4), before=first))
    assert more.chosen.sum(-1).tolist() == clips_allowed(torch.tensor([0.4, 0.4]), request().mask).tolist()
    assert (more.chosen & first.chosen).equal(first.chosen)
    assert len(more.steps) == len(more.scores) == 2 * steps
    _check_consistent(more, request())


def test_going_on_within_the_same_budget_adds_nothing() -> None:
    selector = spotter().eval()
    first = selector(request(budget=0.2))
    assert selector(replace(request(budget=0.2), before=first)).chosen.equal(first.chosen)
    assert selector(replace(request(budget=0.05), before=first)).chosen.equal(first.chosen)
