"""Index, expert and text encoders over open_clip models; the only module that imports open_clip.

A model is named as open_clip names it, or by a JSON configuration of its own (``conf/openclip/*.json`` are
known by name). ``pretrained`` is one of

* a tag of open_clip (``openai``, ``datacompdr``, …), fetched when not in the cache;
* a weights file; it brings no preprocessing of its own, open_clip's default is used;
* ``local-dir:FOLDER`` with ``open_clip_config.json`` and weights, which brings its preprocessing;
* ``random`` or ``random:SEED``: random weights, for timing and tests only. Nothing else ever runs unweighted.
"""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import open_clip
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from spotvmr.encoders.state import hash_state
from spotvmr.errors import UserError
from spotvmr.types.batches import TextBatch

_RANDOM = re.compile(r"random(?::(\d+))?")
_LOCAL = "local-dir:"
_INTERPOLATION = {"bicubic": "bicubic", "bilinear": "bilinear"}


def load_clip(model: str, pretrained: str) -> nn.Module:
    """Build an open_clip model in evaluation mode.

    Args:
        model: Name, or path of a JSON configuration; not read for ``local-dir:``, which brings its own.
        pretrained: As in the head of this module.

    Raises:
        UserError: Unknown model or weights, weights that do not fit or cannot be fetched, or none named.
    """
    open_clip.add_model_config(Path(str(files("spotvmr") / "conf" / "openclip")))
    if not pretrained:
        raise UserError(f"open_clip model {model} without weights: set pretrained to a tag, a file or {_LOCAL}FOLDER")
    name = pretrained if pretrained.startswith(_LOCAL) else _known_name(model)
    lottery = _RANDOM.fullmatch(pretrained)
    with torch.random.fork_rng(devices=[]), _quiet():
        torch.manual_seed(int(lottery[1] or 0) if lottery else 0)
        try:
            return _create(name, pretrained, random=lottery is not None).eval().requires_grad_(False)
        except (RuntimeError, OSError, ValueError, KeyError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"open_clip cannot give {model} with pretrained={pretrained}: {reason}") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep open_clip from logging to the root logger what is raised as one line anyway."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        yield
    finally:
        logging.disable(before)


def _create(name: str, pretrained: str, random: bool) -> nn.Module:
    """Call open_clip; without ``require_pretrained`` it would hand out random weights silently."""
    if random:
        return open_clip.create_model(name, pretrained_text=False)
    tag = None if name.startswith(_LOCAL) else pretrained
    return open_clip.create_model(name, pretrained=tag, require_pretrained=True)


def _known_name(model: str) -> str:
    """The name open_clip knows a model by; a JSON file is made known first."""
    path = Path(model)
    if path.suffix == ".json":
        if not path.is_file():
            raise UserError(f"open_clip configuration {model} is absent: give a file or one of the known names")
        open_clip.add_model_config(path)
        return path.stem
    if model not in open_clip.list_models():
        near = difflib.get_close_matches(model, open_clip.list_models(), n=3, cutoff=0.4)
        raise UserError(f"open_clip has no model '{model}'" + (f"; near it: {', '.join(near)}" if near else ""))
    return model


class Preprocess(nn.Module):
    """Scales, crops and normalises 8-bit frames as a model's own preprocessing says, on tensors."""

    def __init__(self, cfg: dict[str, Any]) -> None:
        """Read open_clip's preprocessing dictionary.

        Raises:
            UserError: A way to resize that is not known here.
        """
        super().__init__()
        size = cfg["size"]
        self.size = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
        self.mode, self.interpolation = str(cfg["resize_mode"]), _INTERPOLATION.get(cfg["interpolation"])
        if self.mode not in ("shortest", "squash") or self.interpolation is None:
            raise UserError(f"open_clip preprocessing {self.mode}/{cfg['interpolation']} is not supported here")
        self.register_buffer("mean", torch.tensor(cfg["mean"]).view(3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(cfg["std"]).view(3, 1, 1) * 255, persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Prepare frames (N, 3, H, W), uint8 → (N, 3, *size), float32."""
        (height, width), (h, w) = self.size, frames.shape[-2:]
        wanted = self.size
        if self.mode == "shortest":
            scale = max(height / h, width / w)
            wanted = max(height, int(h * scale)), max(width, int(w * scale))
        scaled = fn.interpolate(frames.float(), wanted, mode=str(self.interpolation), antialias=True).clamp(0, 255)
        top, left = round((wanted[0] - height) / 2), round((wanted[1] - width) / 2)  # as torchvision crops
        cropped = scaled[..., top : top + height, left : left + width]
        return (cropped - self.get_buffer("mean")) / self.get_buffer("std")

    def __str__(self) -> str:
        """A readable summary; part of the identity of features."""
        mean, std = ([round(float(x) / 255, 4) for x in self.get_buffer(k).flatten()] for k in ("mean", "std"))
        height, width = self.size
        return f"{width}x{height} {self.mode} {self.interpolation}, mean {mean}, std {std}"


class ClipFrames(nn.Module):
    """Unit embeddings of frames (B, K, 3, H, W) → (B, K, D)."""

    def __init__(self, model: nn.Module) -> None:
        """Take the image tower of a model."""
        super().__init__()
        self.visual: nn.Module = model.get_submodule("visual")
        self.preprocess = Preprocess(open_clip.get_model_preprocess_cfg(model))

    def forward(self, frames: Tensor) -> Tensor:
        """Embed frames, uint8."""
        embedded = self.visual(self.preprocess(frames.flatten(0, 1)))
        return fn.normalize(embedded, dim=-1).unflatten(0, frames.shape[:2])


class ClipIndex(nn.Module):
    """Mean of the frames' unit embeddings, scaled to about unit variance a channel: parts {image: D}."""

    def __init__(self, model: nn.Module, dim: int) -> None:
        """Take the image tower of a model that embeds in ``dim`` channels."""
        super().__init__()
        self.frames = ClipFrames(model)
        self.parts: dict[str, int] = {"image": dim}

    def forward(self, frames: Tensor) -> Tensor:
        """Encode clips (B, K, 3, H, W), uint8 → (B, D)."""
        mean = fn.normalize(self.frames(frames).mean(1), dim=-1)
        return mean * mean.shape[-1] ** 0.5


class ClipExpert(nn.Module):
    """Frame embeddings pooled so that their order stays: parts {mean: D, trend: D, change: D}.

    ``mean`` says what is there. ``trend``, the mean of the later half minus that of the earlier, turns its
    sign when time runs backwards: opening is not closing. ``change``, the mean absolute step from frame to
    frame, keeps motion that comes back to where it began, such as shaking. All are linear in size whatever K
    is, where concatenating K embeddings would give 8 x 768 channels a clip.
    """

    def __init__(self, model: nn.Module, dim: int) -> None:
        """Take the image tower of a model that embeds in ``dim`` channels."""
        super().__init__()
        self.frames = ClipFrames(model)
        self.parts: dict[str, int] = {"mean": dim, "trend": dim, "change": dim}

    def forward(self, frames: Tensor) -> Tensor:
        """Encode clips (B, K, 3, H, W), uint8, K at least 2 → (B, 3 D)."""
        embedded = self.frames(frames)
        half = embedded.shape[1] // 2
        trend = embedded[:, -half:].mean(1) - embedded[:, :half].mean(1)
        change = (embedded[:, 1:] - embedded[:, :-1]).abs().mean(1)
        return torch.cat([embedded.mean(1), trend, change], dim=1) * embedded.shape[-1] ** 0.5


class ClipText(nn.Module):
    """Token features before the projection, and sentences in the space of ``ClipIndex``."""

    def __init__(self, model: nn.Module, name: str, sentence_dim: int) -> None:
        """Take the text tower of a model.

        Args:
            model: From ``load_clip``.
            name: Name that ``open_clip.get_tokenizer`` knows.
            sentence_dim: Channels of an embedding.
        """
        super().__init__()
        model.visual = nn.Identity()  # the image tower is not needed here
        self.model, self.tokenize, self.sentence_dim = model, open_clip.get_tokenizer(name), sentence_dim
        self.weights_hash = hash_state(model)
        self.dim = int(self.encode(["a"]).tokens.shape[-1])

    @torch.no_grad()
    def encode(self, texts: list[str]) -> TextBatch:
        """Encode sentences: tokens (B, L, D_q), mask (B, L), sentence (B, D_s); without gradients."""
        device = next(self.model.parameters()).device
        numbers = self.tokenize(texts).to(device)
        look_inside = cast(Callable[..., dict[str, Any]], self.model.forward_intermediates)
        out = look_inside(
            text=numbers, text_indices=1, text_output_fmt="NLC", normalize=True, normalize_intermediates=True
        )
        # Padding is 0 and trails; 0 inside a sentence is a real token ("!").
        mask = numbers.flip(1).cumsum(1).flip(1) > 0
        longest = int(mask.sum(1).max())
        sentence = out["text_features"] * self.sentence_dim**0.5
        return TextBatch(out["text_intermediates"][-1][:, :longest], mask[:, :longest], sentence)


def embedding_dim(model: nn.Module) -> int:
    """Channels of a model's image embedding, found by embedding one grey frame."""
    with torch.no_grad():
        return int(ClipFrames(model)(torch.full((1, 1, 3, 8, 8), 127, dtype=torch.uint8)).shape[-1])
