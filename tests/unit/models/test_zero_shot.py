"""The model without weights: scores by hand, groups by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

from spotvmr.models import ZeroShot
from spotvmr.models.zero_shot import group, standardised
from spotvmr.types.batches import ClipInputs, TextBatch


def asked(index: torch.Tensor, expert: torch.Tensor, chosen: list[int]) -> tuple[ClipInputs, TextBatch]:
    """One query whose sentence is the first axis of both spaces."""
    t, dim, expert_dim = index.shape[1], index.shape[2], expert.shape[2]
    weight = torch.zeros(1, t)
    weight[0, chosen] = 1
    token = torch.eye(expert_dim)[None, :1]
    text = TextBatch(token, torch.ones(1, 1, dtype=torch.bool), torch.eye(dim)[:1])
    return ClipInputs(index, expert * weight[..., None], weight, torch.ones(1, t, dtype=torch.bool)), text


def test_scores_are_cosines_standardised_where_they_were_computed() -> None:
    generator = torch.Generator().manual_seed(1)
    index, expert = (torch.randn(1, 12, dim, generator=generator) for dim in (5, 4))
    chosen = [2, 5, 6, 11]
    score = ZeroShot(4, 5).encode(*asked(index, expert, chosen))[0, :, 0].numpy()
    cosine = [(x[0] / x[0].norm(dim=-1, keepdim=True)).numpy()[:, 0] for x in (index, expert)]
    wanted = (cosine[0] - cosine[0].mean()) / cosine[0].std()
    wanted[chosen] += (cosine[1][chosen] - cosine[1][chosen].mean()) / cosine[1][chosen].std()
    np.testing.assert_allclose(score, wanted, atol=1e-5)


def test_channels_after_the_embedding_do_not_count() -> None:
    index, expert = torch.randn(1, 6, 5), torch.randn(1, 6, 4)
    clips, text = asked(index, expert, [0, 3])
    more = ClipInputs(clips.index, torch.cat([clips.expert, torch.randn(1, 6, 8)], -1), clips.chosen, clips.mask)
    model = ZeroShot(4, 5)
    torch.testing.assert_close(model.encode(more, text), model.encode(clips, text))


def test_alike_scores_and_one_marked_clip_say_nothing() -> None:
    marked = torch.tensor([[True, True, True, False]])
    assert standardised(torch.tensor([[0.3, 0.3, 0.3, 9.0]]), marked).tolist() == [[0.0] * 4]
    assert standardised(torch.tensor([[0.3, 0.9, 0.3, 9.0]]), torch.eye(4)[None, 1] > 0).tolist() == [[0.0] * 4]
    assert standardised(torch.tensor([[1.0, 3.0, 0.0, 0.0]]), torch.zeros(1, 4, dtype=torch.bool)).tolist() == [
        [0.0] * 4
    ]


@pytest.mark.parametrize(
    ("score", "most", "spans"),
    [
        ([0, 0, 0, 4, 2, 1.9, 0, 0, 0], 1, [(3, 4)]),  # half the peak is in, less is out
        ([0, 0, 4, 0, 3, 0, 0, 3, 0, 0, 0], 1, [(2, 4)]),  # one lower clip is bridged, two are not
        ([0, 0, 4, 0, 3, 0, 0, 3, 0, 0, 0], 9, [(2, 4), (7, 7)]),
        ([0, 0, 3, 7, 3, 0, 0, 0, 0], 9, [(3, 3), (2, 2), (4, 4)]),  # what is taken is no gap
        ([5, 1, 1, 1], 9, [(0, 0)]),
        ([2, 2, 2], 9, [(0, 2)]),  # nothing stands out: all of it, once
        ([-1], 3, [(0, 0)]),
    ],
)
def test_groups(score: list[float], most: int, spans: list[tuple[int, int]]) -> None:
    assert group(torch.tensor(score, dtype=torch.float32), most)[0] == spans


def test_moments_are_disjoint_inside_the_video_and_share_one() -> None:
    score = torch.randn(1, 300, generator=torch.Generator().manual_seed(2))
    model = ZeroShot(4, 50)
    output = model.predict(score[..., None], torch.ones(1, 300, dtype=torch.bool))
    kernel = np.convolve(np.pad(score[0].numpy(), 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    np.testing.assert_allclose(output.highlight[0].numpy(), kernel, atol=1e-6)
    (moments,) = model.decode(output, 2.0, torch.tensor([599.5]))
    assert sum(moment.score for moment in moments) == pytest.approx(1)
    assert [m.score for m in moments] == sorted((m.score for m in moments), reverse=True)
    ordered = sorted(moments, key=lambda moment: moment.start_s)
    assert all(before.end_s <= after.start_s for before, after in pairwise(ordered))
    assert ordered[-1].end_s <= 599.5
