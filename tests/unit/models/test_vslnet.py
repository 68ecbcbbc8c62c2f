"""VSLNet: masks, invariances, decoding, and that it can learn."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import Tensor

from spotvmr.losses import highlight_loss, offset_loss, span_loss
from spotvmr.models import VmrOutput, VslNet
from spotvmr.models.attention import ContextQueryAttention, LocalAttention
from spotvmr.types.batches import ClipInputs, TextBatch

D_S, D_F, D_Q = 6, 5, 4


def vslnet(reach: int = 4, **changes: float) -> VslNet:
    torch.manual_seed(0)
    plain = {"dim": 16, "heads": 2, "conv_layers": 2, "kernel": 3, "dropout": 0.0, "top_k": 5, "nms_iou": 0.5}
    return VslNet(D_S, D_F, D_Q, reach=reach, **(plain | changes)).eval()


def inputs(lengths: tuple[int, ...], words: tuple[int, ...], seed: int = 0) -> tuple[ClipInputs, TextBatch]:
    generator = torch.Generator().manual_seed(seed)
    b, t, n = len(lengths), max(lengths), max(words)
    mask = torch.arange(t)[None] < torch.tensor(lengths)[:, None]
    word_mask = torch.arange(n)[None] < torch.tensor(words)[:, None]
    clips = ClipInputs(
        torch.randn(b, t, D_S, generator=generator),
        torch.randn(b, t, D_F, generator=generator),
        (torch.rand(b, t, generator=generator) > 0.5).float(),
        mask,
    )
    return clips, TextBatch(torch.randn(b, n, D_Q, generator=generator), word_mask, torch.zeros(b, D_S))


def run(model: VslNet, clips: ClipInputs, text: TextBatch) -> VmrOutput:
    with torch.no_grad():
        return model.predict(model.encode(clips, text), clips.mask)


def maps(out: VmrOutput) -> dict[str, Tensor]:
    return {**out.heads, "highlight": out.highlight, "fused": out.fused}


def test_what_lies_at_padding_changes_nothing() -> None:
    model = vslnet()
    clips, text = inputs((30, 17), (6, 3))
    loud = dataclasses.replace(
        clips,
        index=torch.where(clips.mask[..., None], clips.index, 1e3),
        expert=torch.where(clips.mask[..., None], clips.expert, -1e3),
        chosen=torch.where(clips.mask, clips.chosen, 1.0),
    )
    words = dataclasses.replace(text, tokens=torch.where(text.mask[..., None], text.tokens, 1e3))
    before, after = maps(run(model, clips, text)), maps(run(model, loud, words))
    for name, value in before.items():
        torch.testing.assert_close(after[name][1, :17], value[1, :17], atol=1e-5, rtol=1e-5)


def test_a_query_gets_the_same_answer_alone_and_in_a_padded_batch() -> None:
    model = vslnet()
    clips, text = inputs((30, 17), (6, 3))
    alone = ClipInputs(clips.index[1:, :17], clips.expert[1:, :17], clips.chosen[1:, :17], clips.mask[1:, :17])
    sentence = TextBatch(text.tokens[1:, :3], text.mask[1:, :3], text.sentence[1:])
    together, single = maps(run(model, clips, text)), maps(run(model, alone, sentence))
    for name, value in single.items():
        torch.testing.assert_close(together[name][1:, :17], value, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shift", [1, 4, 7])
def test_far_from_the_ends_shifted_video_gives_shifted_local_features(shift: int) -> None:
    torch.manual_seed(0)
    attention = LocalAttention(8, 2, reach=4).eval()
    x = torch.randn(1, 40, 8)
    moved = torch.cat([torch.randn(1, shift, 8), x], 1)
    before = attention(x, torch.ones(1, 40, dtype=torch.bool))
    after = attention(moved, torch.ones(1, 40 + shift, dtype=torch.bool))
    torch.testing.assert_close(after[:, shift + 4 :], before[:, 4:], atol=1e-5, rtol=1e-5)


def test_local_attention_equals_banded_full_attention() -> None:
    torch.manual_seed(0)
    layer = LocalAttention(8, 2, reach=3).eval()
    x, mask = torch.randn(2, 11, 8), torch.ones(2, 11, dtype=torch.bool)
    mask[1, 7:] = False
    q, k, v = (part.view(2, 11, 2, 4).transpose(1, 2) for part in layer.qkv(x).chunk(3, -1))
    near = (torch.arange(11)[None] - torch.arange(11)[:, None]).abs() <= 3
    score = (q @ k.transpose(-1, -2) / 2.0).masked_fill(~(near & mask[:, None, None, :]), -1e9)
    expected = layer.out((score.softmax(-1) @ v).transpose(1, 2).reshape(2, 11, 8))
    torch.testing.assert_close(layer(x, mask)[mask], expected[mask], atol=1e-5, rtol=1e-5)


def test_context_query_attention_equals_the_formula_with_the_square_matrix() -> None:
    torch.manual_seed(0)
    layer = ContextQueryAttention(8)
    clips, words = torch.randn(1, 9, 8), torch.randn(1, 4, 8)
    score = layer.clip_weight(clips) + layer.word_weight(words).mT + (clips * layer.product_weight) @ words.mT
    a = score.softmax(-1) @ words
    b = (score.softmax(-1) @ score.softmax(1).mT) @ clips  # (T, T) in between, as in the paper
    expected = layer.out(torch.cat([clips, a, clips * a, clips * b], -1))
    ones = torch.ones(1, 9, dtype=torch.bool), torch.ones(1, 4, dtype=torch.bool)
    torch.testing.assert_close(layer(clips, words, *ones), expected, atol=1e-5, rtol=1e-5)


def _output(start: list[float], end: list[float], highlight: list[float], offsets: float = 0.5) -> VmrOutput:
    t = len(start)
    heads = {"start": torch.tensor([start], dtype=torch.float32), "end": torch.tensor([end], dtype=torch.float32)}
    heads |= {name: torch.full((1, t), offsets) for name in ("start_offset", "end_offset")}
    return VmrOutput(
        torch.zeros(1, t, 16), torch.tensor([highlight], dtype=torch.float32), heads, torch.ones(1, t, dtype=torch.bool)
    )


def test_decoding_reads_borders_inside_clips() -> None:
    out = _output([0, 9, 0, 0], [0, 0, 9, 0], [0, 9, 9, 0], offsets=0.25)
    best = vslnet().decode(out, clip_s=2.0, duration_s=torch.tensor([8.0]))[0][0]
    assert (best.start_s, best.end_s) == pytest.approx((2.5, 4.5))


def test_decoding_never_runs_backwards_nor_past_the_end() -> None:
    out = _output([0, 0, 0, 9], [9, 0, 0, 0], [0, 0, 0, 0], offsets=1.0)
    found = vslnet().decode(out, clip_s=1.0, duration_s=torch.tensor([3.5]))[0]
    assert found
    assert all(0 <= moment.start_s <= moment.end_s <= 3.5 for moment in found)


def test_decoding_ranks_by_score_and_drops_overlaps() -> None:
    out = _output([5, 0, 0, 4, 0, 0], [0, 5, 0, 0, 4, 0], [3, 3, -9, 3, 3, -9])
    found = vslnet(top_k=2).decode(out, clip_s=1.0, duration_s=torch.tensor([6.0]))[0]
    assert [(moment.start_s, moment.end_s) for moment in found] == [(0.5, 1.5), (3.5, 4.5)]
    assert found[0].score > found[1].score


@pytest.mark.parametrize("clips", [1, 2, 5])
def test_very_short_videos_work(clips: int) -> None:
    model = vslnet()
    video, text = inputs((clips,), (3,))
    found = model.decode(run(model, video, text), 1.0, torch.tensor([float(clips)]))
    assert 1 <= len(found[0]) <= 5


def test_overfits_eight_queries() -> None:
    model = vslnet().train()
    clips, text = inputs((24,) * 8, (4,) * 8, seed=5)
    start = torch.arange(8) * 2.0
    span = torch.stack([start + 0.3, start + 4.6], -1)
    edges = torch.arange(25.0)
    inside = (torch.minimum(edges[1:], span[:, 1:]) - torch.maximum(edges[:-1], span[:, :1])).clamp(0, 1)
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(250):
        out = model.predict(model.encode(clips, text), clips.mask)
        heads = out.heads
        loss = span_loss(heads["start"], heads["end"], clips.mask, span)
        loss = loss + 5 * highlight_loss(out.highlight, inside, clips.mask)
        loss = loss + offset_loss(heads["start_offset"], heads["end_offset"], span)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    found = model.eval().decode(run(model, clips, text), 1.0, torch.full((8,), 24.0))
    for moments, (true_start, true_end) in zip(found, span.tolist(), strict=True):
        shared = min(moments[0].end_s, true_end) - max(moments[0].start_s, true_start)
        hull = max(moments[0].end_s, true_end) - min(moments[0].start_s, true_start)
        assert shared / hull >= 0.7
