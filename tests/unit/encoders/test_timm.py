"""Encoders over timm, on a tiny model with random weights."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from spotvmr.encoders import build_expert, build_index, outline
from spotvmr.errors import UserError

TINY = ("timm", "test_vit", "random:3")


def frames(clips: int, each: int, height: int = 90, width: int = 160) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (clips, each, 3, height, width), dtype=torch.uint8, generator=generator)


def tiny(seed: int, **kwargs: int) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return timm.create_model("test_vit", **kwargs).eval()


def prepared(clip: Tensor) -> Tensor:
    """Frames (K, 3, H, W) through timm's own evaluation transform."""
    from PIL import Image

    cfg = timm.data.resolve_data_config(model=tiny(0))
    transform = timm.data.create_transform(**cfg, is_training=False)
    return torch.stack([transform(Image.fromarray(frame.permute(1, 2, 0).numpy())) for frame in clip])


def test_the_index_is_timms_pooled_feature_after_timms_own_preprocessing() -> None:
    index, clips = build_index(*TINY), frames(3, 1)
    assert index.spec.parts == {"image": 64}
    assert index.spec.name == "timm/test_vit"
    with torch.no_grad():
        wanted = tiny(3, num_classes=0)(prepared(clips[:, 0]))
    assert F.cosine_similarity(index(clips), wanted).min() > 0.999
    torch.testing.assert_close(index(clips).norm(dim=1), torch.full((3,), 8.0))


@pytest.mark.parametrize("model", ["test_vit", "test_resnet"])
def test_tokens_keep_the_quarters_of_a_frame_apart(model: str) -> None:
    index = build_index("timm", model, "random", features="tokens")
    picture = torch.zeros(2, 1, 3, 160, 160, dtype=torch.uint8)
    noise = frames(1, 1, 80, 80)[0, 0]
    picture[0, 0, :, :80, :80], picture[1, 0, :, 80:, 80:] = noise, noise
    quarters = index(picture).unflatten(1, (4, -1))
    assert index.spec.dim == quarters[0].numel()
    assert index.spec.name == f"timm/{model}/tokens"
    busy = (quarters - quarters.median(1, keepdim=True).values).norm(dim=2).argmax(1)
    assert busy.tolist() == [0, 3]


def test_the_expert_keeps_the_order_of_time() -> None:
    expert, clips = build_expert(*TINY, frames=4), frames(2, 4)
    assert expert.spec.parts == {"mean": 64, "trend": 64, "change": 64}
    mean, trend, change = expert(clips).split(64, dim=1)
    back_mean, back_trend, back_change = expert(clips.flip(1)).split(64, dim=1)
    torch.testing.assert_close(back_mean, mean, atol=1e-4, rtol=0)
    torch.testing.assert_close(back_trend, -trend, atol=1e-4, rtol=0)
    torch.testing.assert_close(back_change, change, atol=1e-4, rtol=0)


@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_a_weights_file_is_read_with_or_without_its_classifier(tmp_path: Path, suffix: str) -> None:
    state = {key: value.contiguous() for key, value in tiny(3).state_dict().items()}
    assert "head.weight" in state
    path = tmp_path / f"w.{suffix}"
    if suffix == "pth":
        torch.save({"state_dict": state}, path)
    else:
        save_file(state, path)
    found = build_index("timm", "test_vit", str(path))
    own = {key: value for key, value in state.items() if not key.startswith("head.")}
    torch.testing.assert_close(dict(found.net.frames.visual.state_dict()), own)


def test_weights_that_do_not_fit_name_the_first_differing_keys(tmp_path: Path) -> None:
    state = {key: value.contiguous() for key, value in tiny(0).state_dict().items()}
    state["extra"] = state.pop("blocks.0.attn.qkv.weight")
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(UserError, match=r"do not fit .*: blocks\.0\.attn\.qkv\.weight is missing; extra is unknown"):
        build_index("timm", "test_vit", str(tmp_path / "w.safetensors"))


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return Path.touch, (self.path,)


def test_a_pickle_is_not_executed(tmp_path: Path) -> None:
    torch.save({"state_dict": Bomb(tmp_path / "ran")}, tmp_path / "w.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    for name in ("w", "plain"):
        with pytest.raises(UserError, match="cannot be read as plain tensors") as caught:
            build_index("timm", "test_vit", str(tmp_path / f"{name}.pth"))
        assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("model", "pretrained", "features", "said"),
    [
        ("test_vti", "random", "pooled", r"no model 'test_vti' .*; near it: test_vit"),
        ("test_vit.r160_in1k", "default", "pooled", r"no model 'test_vit.r160_in1k' \(its tag goes into pretrained\)"),
        ("test_vit", "", "pooled", "without weights: set pretrained to a tag, 'default' or a file"),
        (
            "test_vit",
            "nope",
            "pooled",
            "pretrained=nope is no tag of timm model test_vit, which has default, r160",
        ),
        ("test_vit", "/nowhere/w.pth", "pooled", "weights file /nowhere/w.pth is absent"),
        ("test_vit", "random", "mean", "unknown features 'mean' of timm model test_vit: one of pooled, tokens"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(model: str, pretrained: str, features: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        build_index("timm", model, pretrained, features=features)


def test_tokens_are_for_timm_alone() -> None:
    with pytest.raises(UserError, match="features=tokens is for timm models: the errands family has pooled"):
        build_index("errands", features="tokens")


@pytest.mark.parametrize(
    ("kind", "family", "model", "number", "features"),
    [
        ("index", "errands", "", 1, "pooled"),
        ("expert", "errands", "", 8, "pooled"),
        ("index", "open_clip", "tiny-test", 1, "pooled"),
        ("expert", "open_clip", "tiny-test", 3, "pooled"),
        ("index", "timm", "test_vit", 2, "tokens"),
        ("expert", "timm", "test_resnet", 2, "pooled"),
    ],
)
def test_an_outline_counts_like_the_encoder(kind: str, family: str, model: str, number: int, features: str) -> None:
    from spotvmr.cost import count_gflops

    net, parts = outline(kind, family, model, "a tag that nobody looks up", number, features)
    assert {parameter.device.type for parameter in net.parameters()} == {"meta"}
    weights = "" if family == "errands" else "random"
    real = {"index": build_index, "expert": build_expert}[kind](family, model, weights, number, features)
    pixels = torch.zeros(1, number, 3, 90, 160, dtype=torch.uint8)
    assert parts == real.spec.parts
    assert count_gflops(net, pixels.to("meta")) == pytest.approx(count_gflops(real, pixels))
