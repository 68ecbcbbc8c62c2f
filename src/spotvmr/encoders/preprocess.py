"""A model's own image preprocessing, on tensors of 8-bit frames."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from spotvmr.errors import UserError

_MODES = ("shortest", "squash")
_INTERPOLATIONS = ("bicubic", "bilinear")


class Preprocess(nn.Module):
    """Scales, crops and normalises 8-bit frames by a model's own preprocessing."""

    def __init__(self, cfg: dict[str, Any]) -> None:
        """Read a preprocessing dictionary.

        Args:
            cfg: ``size`` in pixels (one number, or height and width), ``resize_mode`` (``shortest`` side to the
                size and the rest cropped, or ``squash``), ``interpolation``, ``mean`` and ``std`` in [0, 1];
                and ``crop_pct``, the share of the scaled side that the crop keeps (1 when absent).

        Raises:
            UserError: A way to resize that is not known here.
        """
        super().__init__()
        size = cfg["size"]
        self.size = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
        self.mode, self.interpolation = str(cfg["resize_mode"]), str(cfg["interpolation"])
        self.crop_pct = float(cfg.get("crop_pct", 1.0))
        if self.mode not in _MODES or self.interpolation not in _INTERPOLATIONS:
            raise UserError(f"image preprocessing {self.mode}/{self.interpolation} is not supported here")
        self.register_buffer("mean", torch.tensor(cfg["mean"]).view(3, 1, 1) * 255, persistent=False)
        self.register_buffer("std", torch.tensor(cfg["std"]).view(3, 1, 1) * 255, persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """Prepare frames (N, 3, H, W), uint8 → (N, 3, *size), float32."""
        (height, width), (h, w) = self.size, frames.shape[-2:]
        wanted = int(height / self.crop_pct), int(width / self.crop_pct)
        if self.mode == "shortest":
            scale = max(wanted[0] / h, wanted[1] / w)
            wanted = max(wanted[0], int(h * scale)), max(wanted[1], int(w * scale))
        scaled = fn.interpolate(frames.float(), wanted, mode=self.interpolation, antialias=True).clamp(0, 255)
        top, left = round((wanted[0] - height) / 2), round((wanted[1] - width) / 2)  # as torchvision crops
        cropped = scaled[..., top : top + height, left : left + width]
        return (cropped - self.get_buffer("mean")) / self.get_buffer("std")

    def __str__(self) -> str:
        """A readable summary; part of the identity of features."""
        mean, std = ([round(float(x) / 255, 4) for x in self.get_buffer(k).flatten()] for k in ("mean", "std"))
        height, width = self.size
        crop = "" if self.crop_pct == 1 else f" crop {self.crop_pct:g}"
        return f"{width}x{height} {self.mode} {self.interpolation}{crop}, mean {mean}, std {std}"
