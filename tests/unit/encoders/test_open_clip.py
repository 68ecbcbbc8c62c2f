"""Encoders over open_clip, on a tiny model with random weights."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import open_clip
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from spotvmr.encoders import build_expert, build_index, build_text_encoder
from spotvmr.encoders.open_clip import load_clip
from spotvmr.encoders.preprocess import Preprocess
from spotvmr.errors import UserError

TINY = ("open_clip", "tiny-test", "random:3")


def frames(clips: int, each: int, height: int = 45, width: int = 81) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (clips, each, 3, height, width), dtype=torch.uint8, generator=generator)


def reference(clip: Tensor) -> Tensor:
    """Unit embeddings (K, D) of frames (K, 3, H, W) by open_clip's own image transform."""
    from PIL import Image

    model = load_clip("tiny-test", "random:3")
    cfg = open_clip.transform.PreprocessCfg(**model.visual.preprocess_cfg)
    transform = open_clip.transform.image_transform_v2(cfg, is_train=False)
    images = [transform(Image.fromarray(frame.permute(1, 2, 0).numpy())) for frame in clip]
    return model.encode_image(torch.stack(images), normalize=True)


def test_the_index_is_the_mean_of_unit_embeddings() -> None:
    index, clips = build_index(*TINY, frames=2), frames(3, 2)
    assert index.spec.parts == {"image": 48}
    # PIL rounds to 8 bits between the two passes of a resize and after it: embeddings differ a little.
    wanted = torch.stack([F.normalize(reference(clip).mean(0), dim=0) for clip in clips])
    assert F.cosine_similarity(index(clips), wanted).min() > 0.999
    torch.testing.assert_close(index(clips).norm(dim=1), torch.full((3,), 48**0.5))


def test_the_expert_keeps_the_order_of_time() -> None:
    expert, clips = build_expert(*TINY, frames=4), frames(2, 4)
    assert expert.spec.parts == {"mean": 48, "trend": 48, "change": 48}
    mean, trend, change = expert(clips).split(48, dim=1)
    back_mean, back_trend, back_change = expert(clips.flip(1)).split(48, dim=1)
    torch.testing.assert_close(back_mean, mean, atol=1e-5, rtol=0)
    torch.testing.assert_close(back_trend, -trend, atol=1e-5, rtol=0)
    torch.testing.assert_close(back_change, change, atol=1e-5, rtol=0)
    assert trend.abs().max() > 0.1
    still = expert(clips[:, :1].expand(-1, 4, -1, -1, -1))
    assert still[:, 48:].abs().max() < 1e-5


def test_clips_do_not_depend_on_their_batch() -> None:
    expert, clips = build_expert(*TINY, frames=3), frames(5, 3)
    together = expert(clips)
    torch.testing.assert_close(torch.cat([expert(c[None]) for c in clips]), together, atol=1e-5, rtol=0)
    assert not any(module.training for module in expert.modules())


def test_the_text_has_tokens_and_a_sentence_in_the_space_of_the_index() -> None:
    text = build_text_encoder(*TINY)
    texts = ["a red mug!", "the hand! shakes a blue lamp"]
    out = text.encode(texts)
    assert out.mask.sum(1).tolist() == [6, 9]  # start and end of text included; "!" is token 0 and still counts
    assert out.tokens.shape == (2, 9, text.dim)
    assert text.dim == 64
    assert text.sentence_dim == build_index(*TINY).spec.dim
    model = load_clip("tiny-test", "random:3")
    wanted = model.encode_text(open_clip.get_tokenizer("tiny-test")(texts), normalize=True) * 48**0.5
    torch.testing.assert_close(out.sentence, wanted, atol=1e-5, rtol=1e-5)


def test_random_weights_follow_their_seed_and_leave_the_global_one_alone() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    hashes = [build_index("open_clip", "tiny-test", p).spec.weights_hash for p in ("random", "random:0", "random:1")]
    assert hashes[0] == hashes[1] != hashes[2]
    assert torch.get_rng_state().equal(before)


def test_a_weights_file_and_a_local_folder_are_read(tmp_path: Path) -> None:
    wanted = build_index("open_clip", "tiny-test", "random:9")
    state = load_clip("tiny-test", "random:9").state_dict()
    torch.save(state, tmp_path / "open_clip_pytorch_model.bin")
    from_file = build_index("open_clip", "tiny-test", str(tmp_path / "open_clip_pytorch_model.bin"))
    assert from_file.spec.weights_hash == wanted.spec.weights_hash
    open_clip.add_model_config(Path(__file__).parents[3] / "src/spotvmr/conf/openclip")
    plain = {"mean": [0.0] * 3, "std": [1.0] * 3}
    config = {"model_cfg": open_clip.get_model_config("tiny-test"), "preprocess_cfg": plain}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    local = build_index("open_clip", "tiny-test", f"local-dir:{tmp_path}")
    assert local.spec.weights_hash == wanted.spec.weights_hash
    assert "mean [0.0, 0.0, 0.0], std [1.0, 1.0, 1.0]" in local.spec.preprocessing
    assert local.spec.preprocessing != from_file.spec.preprocessing


def test_a_configuration_file_of_ones_own_is_taken(tmp_path: Path) -> None:
    config = open_clip.get_model_config("ViT-B-32") | {"embed_dim": 24}
    config["vision_cfg"] = {"image_size": 16, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8}
    config["text_cfg"] = {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
    (tmp_path / "my-own.json").write_text(json.dumps(config))
    own = build_index("open_clip", str(tmp_path / "my-own.json"), "random")
    assert own.spec.name == "open_clip/my-own"
    assert own(frames(1, 1)).shape == (1, 24)


@pytest.mark.parametrize(
    ("model", "pretrained", "said"),
    [
        ("ViT-B-33", "random", "no model 'ViT-B-33'; near it: ViT-B-32"),
        ("tiny-test", "", "without weights: set pretrained to a tag, a file or local-dir:FOLDER"),
        ("tiny-test", "nope", "'nope' is not a known tag or valid file path"),
        ("tiny-test", "local-dir:/nowhere", "not found: /nowhere"),
        ("/nowhere/x.json", "random", "/nowhere/x.json is absent"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    model: str, pretrained: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(UserError, match=said) as caught:
        build_index("open_clip", model, pretrained)
    assert "\n" not in str(caught.value)
    assert not caplog.records


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    state = load_clip("tiny-test", "random").state_dict()
    state["extra"] = state.pop("visual.proj")
    torch.save(state, tmp_path / "w.pt")
    with pytest.raises(UserError, match=r"cannot give tiny-test .*: visual\.proj is missing; extra is unknown"):
        build_index("open_clip", "tiny-test", str(tmp_path / "w.pt"))
    torch.save({"a": torch.zeros(2)}, tmp_path / "w.pt")
    with pytest.raises(UserError, match=r"cannot give tiny-test .*: [\w.]+ is missing; .* and \d+ more"):
        build_index("open_clip", "tiny-test", str(tmp_path / "w.pt"))


@pytest.mark.parametrize(("mode", "kept"), [("shortest", False), ("squash", True)])
def test_squashing_keeps_the_borders_and_cropping_does_not(mode: str, kept: bool) -> None:
    cfg = {"size": 32, "resize_mode": mode, "interpolation": "bilinear", "mean": (0.5,) * 3, "std": (0.5,) * 3}
    picture = torch.zeros(1, 3, 32, 64, dtype=torch.uint8)
    picture[..., :8] = 255  # a white band at the left border, a quarter of what squashing keeps
    out = Preprocess(cfg)(picture)
    assert out.shape == (1, 3, 32, 32)
    assert out.min().item() == pytest.approx(-1)
    assert (out.max().item() > 0.9) is kept


def test_unknown_preprocessing_is_refused() -> None:
    cfg = {"size": 32, "resize_mode": "longest", "interpolation": "bicubic", "mean": (0.5,) * 3, "std": (0.5,) * 3}
    with pytest.raises(UserError, match="longest/bicubic is not supported"):
        Preprocess(cfg)
