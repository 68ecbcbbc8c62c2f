"""The demo's encoders with the weights that ship."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from spotvmr.encoders import FrozenEncoder, build_expert, build_index, build_text_encoder
from spotvmr.encoders.state import read_weights, save_encoder_weights, shipped
from spotvmr.errors import UserError
from spotvmr.types.batches import TextBatch


@pytest.fixture(scope="module")
def index() -> FrozenEncoder:
    return build_index("errands")


@pytest.fixture(scope="module")
def expert() -> FrozenEncoder:
    return build_expert("errands")


def frames(clips: int, each: int, height: int = 90, width: int = 160, seed: int = 0) -> Tensor:
    """Smooth moving pictures: blurred noise that drifts."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(clips, 3, 8, 12, generator=generator) * 255
    still = torch.nn.functional.interpolate(coarse, (height, width + 8 * each), mode="bilinear")
    moved = [still[..., 8 * k : 8 * k + width] for k in range(each)]
    return torch.stack(moved, dim=1).to(torch.uint8)


def mflops(encoder: FrozenEncoder) -> float:
    with FlopCounterMode(display=False) as counter:
        encoder(frames(1, encoder.spec.frames))
    return counter.get_total_flops() / 1e6


def test_the_expert_costs_at_least_twenty_times_the_index(index: FrozenEncoder, expert: FrozenEncoder) -> None:
    assert mflops(index) <= 10
    assert 200 <= mflops(expert) <= 280
    assert mflops(expert) >= 20 * mflops(index)


def test_parts_sum_to_the_channels(index: FrozenEncoder, expert: FrozenEncoder) -> None:
    assert index.spec.parts == {"room": 32, "interaction": 32, "object": 32}
    assert index(frames(2, 1)).shape == (2, index.spec.dim) == (2, 96)
    assert expert(frames(2, 8)).shape == (2, expert.spec.dim) == (2, 128)


@pytest.mark.parametrize(("kind", "each"), [("index", 1), ("expert", 8)])
def test_a_clip_is_encoded_alike_alone_and_in_a_batch(kind: str, each: int, request: pytest.FixtureRequest) -> None:
    encoder = request.getfixturevalue(kind)
    clips = frames(19, each)
    together = encoder(clips)
    alone = torch.cat([encoder(clip[None]) for clip in clips])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert encoder(clips).equal(together)


def test_the_expert_tells_the_order_of_frames(expert: FrozenEncoder) -> None:
    clips = frames(4, 8)
    backwards, still = expert(clips.flip(1)), expert(clips[:, :1].expand(-1, 8, -1, -1, -1))
    forwards = expert(clips)
    assert (forwards - backwards).abs().amax(1).min() > 0.1
    assert (forwards - still).abs().amax(1).min() > 0.1


def test_the_index_looks_at_the_middle_frame_alone(index: FrozenEncoder) -> None:
    clips = frames(3, 8)
    assert index(clips).equal(index(clips[:, 4:5]))
    assert not index(clips).equal(index(clips[:, 3:4]))


@pytest.mark.parametrize("size", [(90, 160), (91, 161), (37, 53), (240, 135), (54, 96)])
def test_any_size_of_frame_is_taken(index: FrozenEncoder, expert: FrozenEncoder, size: tuple[int, int]) -> None:
    assert index(frames(1, 1, *size)).isfinite().all()
    assert expert(frames(1, 8, *size)).isfinite().all()


@pytest.mark.parametrize(("kind", "each"), [("index", 1), ("expert", 8)])
def test_channels_last_and_contiguous_frames_give_the_same(
    kind: str, each: int, request: pytest.FixtureRequest
) -> None:
    encoder = request.getfixturevalue(kind)
    clips = frames(3, each)
    decoded = clips.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)  # as it comes from a decoder
    torch.testing.assert_close(encoder(decoded), encoder(clips), atol=1e-5, rtol=0)


def test_parts_of_the_index_are_standardised(index: FrozenEncoder) -> None:
    for part in index(frames(5, 1)).split(list(index.spec.parts.values()), dim=1):
        torch.testing.assert_close(part.mean(1), torch.zeros(5), atol=1e-4, rtol=0)
        torch.testing.assert_close(part.var(1, unbiased=False), torch.ones(5), atol=1e-2, rtol=0)


def test_encoders_never_train(expert: FrozenEncoder) -> None:
    expert.train()
    assert not any(module.training for module in expert.modules())
    assert not any(p.requires_grad for p in expert.parameters())
    assert not expert(frames(1, 8)).requires_grad


def test_wrong_frames_are_refused(expert: FrozenEncoder) -> None:
    with pytest.raises(ValueError, match="8 frames a clip, got 7"):
        expert(frames(1, 7))
    with pytest.raises(ValueError, match="takes uint8"):
        expert(frames(1, 8).float())
    with pytest.raises(ValueError, match="takes uint8"):
        expert(frames(1, 8)[0])


def test_the_weights_are_small_and_whole() -> None:
    sizes = [shipped(f"errands_{kind}").stat().st_size for kind in ("index", "expert", "text")]
    assert sum(sizes) < 3_000_000


def test_the_identity_changes_with_the_weights(tmp_path: Path, index: FrozenEncoder) -> None:
    state, _ = read_weights(shipped("errands_index"))
    state["heat.bias"] += 1
    save_encoder_weights(state, tmp_path / "errands_index.safetensors", {})
    other = build_index("errands", pretrained=str(tmp_path))
    assert other.spec.weights_hash != index.spec.weights_hash
    assert build_index("errands").spec == index.spec


def test_weights_of_another_encoder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "errands_index.safetensors").write_bytes(shipped("errands_expert").read_bytes())
    with pytest.raises(UserError, match="do not fit ErrandsIndex: "):
        build_index("errands", pretrained=str(tmp_path))
    with pytest.raises(UserError, match="absent"):
        build_expert("errands", pretrained=str(tmp_path))


def test_unknown_families_and_frames_are_refused() -> None:
    with pytest.raises(UserError, match="unknown encoder family 'x': one of errands, open_clip"):
        build_index("x")
    with pytest.raises(UserError, match="reads 1 frame a clip, not 3"):
        build_index("errands", frames=3)
    with pytest.raises(UserError, match="reads 8 frames a clip, not 4"):
        build_expert("errands", frames=4)
    with pytest.raises(UserError, match="give at least 2"):
        build_expert("errands", frames=1)


def encode(texts: list[str]) -> TextBatch:
    return build_text_encoder("errands").encode(texts)


def test_sentences_do_not_depend_on_their_batch() -> None:
    texts = ["when did I shake the red mug?", "the blue box", "", "a zeppelin over the very old garage and a lamp"]
    together = encode(texts)
    assert together.tokens.shape == (4, 11, 96)
    assert together.mask.sum(1).tolist() == [8, 4, 1, 11]
    assert together.sentence.shape == (4, 96)
    assert (together.tokens[~together.mask] == 0).all()
    for row, text in enumerate(texts):
        alone, length = encode([text]), int(together.mask[row].sum())
        torch.testing.assert_close(alone.tokens[0], together.tokens[row, :length], atol=1e-5, rtol=0)
        torch.testing.assert_close(alone.sentence[0], together.sentence[row], atol=1e-5, rtol=0)


def test_synonyms_are_nearer_than_other_objects() -> None:
    said = encode(["the red mug in the garage", "the red cup in the garage", "the blue key in the kitchen"]).sentence
    same, other = said[0] @ said[1], said[0] @ said[2]
    assert same / 96 > 0.9 > other / 96 + 0.2


def test_the_sentence_does_not_hear_the_action_but_the_tokens_do() -> None:
    out = encode(["I shake the red mug", "I squeeze the red mug"])
    assert out.sentence[0] @ out.sentence[1] / 96 > 0.9
    assert (out.tokens[0, 2] - out.tokens[1, 2]).abs().max() > 0.5
