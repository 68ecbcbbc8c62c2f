"""The demo's index encoder: one small frame of a clip → features of room, interaction and object.

The parts follow RIO of SpotEM (Ramakrishnan et al., ICML 2023): the room, the interaction of the hand, and the objects
in view. One frame does not determine the action. About 9 MFLOPs a clip (2 per multiply-add).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from spotvmr.encoders.errands.blocks import ConvNormAct, attend, heat_to_xy, resize, standardise, to_signed

PARTS = {"room": 32, "interaction": 32, "object": 32}


@dataclass(frozen=True)
class IndexView:
    """Outputs of the index encoder; pre-training supervises the maps.

    Attributes:
        features: (B, 96), each part standardised.
        heat: Logits of the places of hand and object (B, 2, 14, 24).
        xy: Places of hand and object (B, 2, 2) in [-1, 1]; meaningless where there is none.
        maps: Fine features (B, 32, 14, 24).
    """

    features: Tensor
    heat: Tensor
    xy: Tensor
    maps: Tensor


class ErrandsIndex(nn.Module):
    """Encoder of one frame of a clip at 96x54; of several frames it takes the middle one."""

    size = (54, 96)  # pixels, (height, width)
    parts = PARTS

    def __init__(self) -> None:
        """Make the network with random weights."""
        super().__init__()
        self.stem = nn.Sequential(ConvNormAct(3, 16, 3, 2), ConvNormAct(16, 32, 3, 2))
        self.deep = nn.Sequential(ConvNormAct(32, 48, 3, 2), ConvNormAct(48, 32, 3))
        self.lift = nn.Conv2d(32, 32, 1)
        self.heat = nn.Conv2d(32, 2, 1)
        self.things = nn.Conv2d(32, 32, 1)
        self.room = _head(32, PARTS["room"])
        self.interaction = _head(32 + 32 + 32 + 6, PARTS["interaction"])
        self.object = _head(32, PARTS["object"])

    def forward(self, frames: Tensor) -> Tensor:
        """Encode clips (B, K, 3, H, W), uint8 → (B, 96), float32."""
        return self.view_frames(self.prepare(frames)).features

    def prepare(self, frames: Tensor) -> Tensor:
        """Take the middle frame of each clip and scale it: (B, K, 3, H, W) → (B, 3, 54, 96), uint8."""
        return resize(frames[:, frames.shape[1] // 2], self.size)

    def view_frames(self, frame: Tensor) -> IndexView:
        """Encode prepared frames (B, 3, 54, 96), uint8."""
        fine = self.stem(to_signed(frame))
        deep = self.deep(fine)
        lifted = fn.interpolate(self.lift(deep), fine.shape[-2:], mode="nearest")
        maps = fn.relu(fine + lifted)
        heat = self.heat(maps)
        attention, xy = heat_to_xy(heat)
        at = [attend(maps, attention[:, 0]), attend(maps, attention[:, 1]), attend(lifted, attention[:, 1])]
        hand = torch.cat([*at, xy.flatten(1), heat.amax((2, 3)) / 4], dim=1)
        parts = (self.room(deep.mean((2, 3))), self.interaction(hand), self.object(self.things(maps).amax((2, 3))))
        return IndexView(torch.cat([standardise(p) for p in parts], dim=1), heat, xy, maps)


def _head(channels_in: int, channels: int) -> nn.Sequential:
    """Two linear layers with a ReLU between."""
    return nn.Sequential(nn.Linear(channels_in, 64), nn.ReLU(inplace=True), nn.Linear(64, channels))
