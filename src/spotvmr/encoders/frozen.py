"""Encoders in use: evaluation mode, no gradients, checked input."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spotvmr.encoders.spec import EncoderSpec


class FrozenEncoder(nn.Module):
    """A net that maps uint8 frames (B, K, 3, H, W) to features (B, D), with its identity.

    Attributes:
        spec: What the net is and what it gives.
    """

    def __init__(self, net: nn.Module, spec: EncoderSpec) -> None:
        """Freeze the net."""
        super().__init__()
        self.net, self.spec = net.requires_grad_(False), spec
        self.eval()

    @torch.no_grad()
    def forward(self, frames: Tensor) -> Tensor:
        """Encode clips.

        Args:
            frames: RGB frames in their order of time (B, K, 3, H, W), uint8, any H and W.

        Returns:
            Features (B, D), float32.

        Raises:
            ValueError: Another shape or type of input.
        """
        if frames.ndim != 5 or frames.shape[2] != 3 or frames.dtype != torch.uint8:
            raise ValueError(f"{self.spec.name} takes uint8 (B, K, 3, H, W), got {frames.dtype} {tuple(frames.shape)}")
        features: Tensor = self.net(frames)
        return features

    def train(self, mode: bool = True) -> FrozenEncoder:  # noqa: ARG002 (the signature is torch's)
        """Stay in evaluation mode for every ``mode``."""
        return super().train(False)
