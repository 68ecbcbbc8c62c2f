"""SpotEM's spotter: soft budget, noise that an evaluation repeats, gradients through the draw."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from spotvmr.losses import budget_loss
from spotvmr.selection import GumbelSpotter, SelectionRequest, StoredExpert
from spotvmr.selection.gumbel import LOWEST_TEMPERATURE
from spotvmr.types.batches import ClipInputs, TextBatch

DIM = 8


class Host(nn.Module):
    """A cross-modal encoder without mixing over time."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(6 + 4 + 1, DIM)

    def encode(self, clips: ClipInputs, text: TextBatch) -> Tensor:
        return self.layer(torch.cat([clips.index, clips.expert, clips.chosen[..., None]], -1))


def request(width: int = 40, budget: float = 0.2) -> SelectionRequest:
    generator = torch.Generator().manual_seed(3)
    mask = torch.arange(width)[None] < torch.tensor([[40], [25]])
    rows = [torch.randn(40, 10, generator=generator) for _ in range(2)]
    features = torch.stack([nn.functional.pad(row, (0, 0, 0, width - 40)) for row in rows]) * mask[..., None]
    text = TextBatch(torch.ones(2, 3, 3), torch.ones(2, 3, dtype=torch.bool), torch.ones(2, 6))
    expert = StoredExpert(features[..., 6:])
    return SelectionRequest(features[..., :6], mask, text, torch.full((2,), budget), expert, Host(), ("a", "b"))


def gumbel(noise: float = 1.0) -> GumbelSpotter:
    torch.manual_seed(1)
    return GumbelSpotter(DIM, steps=4, noise=noise, temperature=5.0, seed=0)


def test_what_was_chosen_adds_up_step_by_step() -> None:
    asked = request()
    got = gumbel().train()(asked)
    assert got.weight.detach().equal(got.chosen.float())
    assert torch.stack(got.steps).sum(0).equal(got.chosen.long())
    assert not (got.chosen & ~asked.mask).any()
    torch.testing.assert_close(got.expert.detach(), asked.source.fetch(got.chosen.float()))
    assert got.soft is not None
    # A clip may be drawn again; the clamp counts it once.
    assert (got.soft.draws.sum(0).clamp(max=1).detach() == got.chosen).all()
    assert (got.soft.draws.sum(0) > 1).any()


def test_what_a_clip_is_worth_reaches_its_logits_unless_it_is_drawn_again() -> None:
    selector, asked, logits = gumbel().train(), request(), []
    selector.head.register_forward_hook(lambda _, __, out: logits.append(out))
    got = selector(asked)
    assert got.soft is not None
    grads = torch.stack(torch.autograd.grad((got.weight * torch.randn(got.weight.shape)).sum(), logits))
    drawn = got.soft.draws > 0.5
    again = drawn & (drawn.long().cumsum(0) > 1)
    lost = again.long().flip(0).cumsum(0).flip(0) > 0  # from the clamp back to every draw before it
    assert lost.any()
    assert (grads[..., 1] != 0).equal(asked.mask & ~lost)


def test_it_learns_from_what_the_clips_are_worth_alone() -> None:
    selector, asked = gumbel().train(), request()
    good = asked.index[..., 0] > 0
    optimiser = torch.optim.Adam(selector.parameters(), 0.02)
    for _ in range(200):
        loss = -(selector(asked).weight * torch.where(good, 1.0, -1.0)).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    taken = selector.eval()(asked).chosen
    assert taken[asked.mask & good].double().mean() > 0.9
    assert taken[asked.mask & ~good].double().mean() < 0.3


def test_an_evaluation_repeats_its_noise_and_another_query_has_another() -> None:
    selector, asked = gumbel().eval(), request()
    first = selector(asked).chosen
    assert first.equal(selector(asked).chosen)
    assert first.equal(selector(request(width=90)).chosen[:, :40])
    assert not first.equal(selector(replace(asked, keys=("c", "d"))).chosen)
    assert not gumbel().train()(asked).chosen.equal(selector(asked).chosen)


def test_the_budget_loss_moves_what_is_realised_to_what_is_asked_for() -> None:
    asked, selector = request(), gumbel().train()
    optimiser = torch.optim.Adam(selector.parameters(), 0.02)
    for step in range(150):
        budget = (
            torch.tensor([0.1, 0.6])[torch.randperm(2)] if step % 2 else torch.full((2,), 0.1 + 0.5 * (step % 4 > 1))
        )
        got = selector(replace(asked, budget=budget))
        loss = budget_loss(got.soft.draws, got.weight, got.soft.budget, asked.mask)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    selector.eval()
    low, high = (
        float(
            torch.stack(
                [
                    selector(replace(asked, budget=torch.full((2,), r), keys=(f"{n}", f"-{n}"))).chosen.sum()
                    for n in range(20)
                ]
            )
            .double()
            .mean()
            / 65
        )
        for r in (0.1, 0.6)
    )
    assert low < 0.25 < 0.4 < high


def test_temperature_falls_linearly_and_never_to_zero() -> None:
    selector = gumbel()
    found = []
    for progress in (0.0, 0.5, 1.0):
        selector.on_progress(progress)
        found.append(selector.temperature)
    assert found == [5.0, 2.5, LOWEST_TEMPERATURE]


def test_without_noise_the_larger_logit_decides() -> None:
    got = gumbel(noise=0.0).eval()(request())
    assert (got.scores[0] > 0).logical_and(request().mask).equal(got.steps[0])
