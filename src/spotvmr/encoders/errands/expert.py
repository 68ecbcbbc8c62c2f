"""The demo's expert encoder: eight frames of a clip → one vector that knows the action.

Where, then what, then how. A net on whole frames finds the hand and the object at it in each frame; a second
net looks at a window around that object and tells its pose; temporal convolutions read how place and pose
change. How (the motion) and what (object, room) are kept apart down to the output: a net that sees both at
once learns the pool's events by heart instead of the actions (0.89 on its own videos, chance on others).
About 250 MFLOPs a clip (2 per multiply-add).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from spotvmr.encoders.errands.blocks import ConvNormAct, cut_windows, heat_to_xy, resize, standardise, to_signed

WINDOW_DIM, SCENE_DIM, POSE_DIM = 64, 48, 3
SIGHT = [WINDOW_DIM, SCENE_DIM, POSE_DIM, 4, 2]
"""Channels of one frame's sight: window, scene, pose, places of hand and object, how surely they are there."""
_TRACE_DIM, _TWITCH_DIM, _HIDDEN = 10, 8, 64


@dataclass(frozen=True)
class FrameView:
    """What the expert sees in single frames; the maps serve dense supervision in pre-training.

    Attributes:
        sight: All that goes into the mixing over time (N, 121).
        heat: Logits of the places of hand and object (N, 2, 18, 32).
        xy: Places of hand and object (N, 2, 2) in [-1, 1]; meaningless where there is none.
        maps: Fine features (N, 32, 18, 32).
    """

    sight: Tensor
    heat: Tensor
    xy: Tensor
    maps: Tensor


class ErrandsExpert(nn.Module):
    """Eight frames a clip at 128x72."""

    size = (72, 128)  # pixels, (height, width)
    frames = 8
    window = 28  # pixels: side of the window around the object at the hand
    window_share = 0.22  # of the frame's width that the window covers
    parts = {"expert": 128}  # noqa: RUF012 (read only)

    def __init__(self) -> None:
        """Make the net with random weights."""
        super().__init__()
        self.stem = nn.Sequential(ConvNormAct(3, 16, 4, 2), ConvNormAct(16, 32, 3, 2))
        self.deep = nn.Sequential(ConvNormAct(32, 48, 3, 2), ConvNormAct(48, SCENE_DIM, 3))
        self.lift = nn.Conv2d(SCENE_DIM, 32, 1)
        self.heat = nn.Conv2d(32, 2, 1)
        self.glimpse = nn.Sequential(
            ConvNormAct(3, 24, 4, 2), ConvNormAct(24, 48, 3), ConvNormAct(48, 64, 3, 2), ConvNormAct(64, 64, 3)
        )
        self.condense = nn.Linear(64 * (self.window // 4) ** 2, WINDOW_DIM)
        self.pose = nn.Sequential(nn.Linear(WINDOW_DIM, 64), nn.ReLU(inplace=True), nn.Linear(64, POSE_DIM))
        self.twitch = nn.Linear(WINDOW_DIM, _TWITCH_DIM)
        self.enter = nn.Linear(_TRACE_DIM + _TWITCH_DIM, _HIDDEN)
        self.mix = nn.ModuleList(nn.Conv1d(_HIDDEN, _HIDDEN, 3, padding=1) for _ in range(3))
        half = self.parts["expert"] // 2
        self.how = nn.Sequential(
            nn.Dropout(0.2), nn.Linear(_HIDDEN * self.frames, 128), nn.ReLU(inplace=True), nn.Linear(128, half)
        )
        self.what = nn.Sequential(
            nn.Linear(2 * WINDOW_DIM + SCENE_DIM + 4, 128), nn.ReLU(inplace=True), nn.Linear(128, half)
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Encode clips (B, 8, 3, H, W), uint8 → (B, 128), float32."""
        if frames.shape[1] != self.frames:
            raise ValueError(f"the errands expert reads {self.frames} frames a clip, got {frames.shape[1]}")
        sight = self.view_frames(resize(frames.flatten(0, 1), self.size)).sight
        return self.encode_views(sight.unflatten(0, frames.shape[:2]))

    def view_frames(self, frames: Tensor) -> FrameView:
        """Look at single frames (N, 3, 72, 128), uint8, each by itself."""
        pixels = to_signed(frames)
        fine = self.stem(pixels)
        deep = self.deep(fine)
        maps = fn.relu(fine + fn.interpolate(self.lift(deep), fine.shape[-2:], mode="nearest"))
        heat = self.heat(maps)
        _, xy = heat_to_xy(heat)
        window = self._glimpse(pixels, xy[:, 1].detach())
        sight = [window, deep.mean((2, 3)), self.pose(window), xy.flatten(1), heat.amax((2, 3)) / 4]
        return FrameView(torch.cat([part.float() for part in sight], dim=1), heat, xy, maps)

    def freeze_frame_layers(self) -> None:
        """Stop training what ``view_frames`` uses; ``encode_views`` stays trainable."""
        for eye in (self.stem, self.deep, self.lift, self.heat, self.glimpse, self.condense, self.pose):
            eye.eval().requires_grad_(False)

    def _glimpse(self, pixels: Tensor, xy: Tensor) -> Tensor:
        """Features (N, 64) of windows around the points (N, 2) of frames (N, 3, H, W)."""
        windows = cut_windows(pixels, xy, self.window, self.window_share)
        return fn.relu(self.condense(self.glimpse(windows).flatten(1)))

    def encode_views(self, sight: Tensor) -> Tensor:
        """Read the sights of a clip's frames (B, 8, 121) over time → (B, 128): how, then what, each standardised."""
        window, scene, pose, places, seen = sight.split(SIGHT, dim=2)
        motion = torch.cat([_trace(pose, places, seen), self.twitch(_centred(window))], dim=2)
        x = self.enter(motion).transpose(1, 2)
        for layer in self.mix:
            x = x + layer(fn.relu(x))
        still = torch.cat(
            [window.mean(1), window.amax(1), scene.mean(1), places[:, :, 2:].mean(1), seen.mean(1)], dim=1
        )
        return torch.cat([standardise(self.how(fn.relu(x).flatten(1))), standardise(self.what(still))], dim=1)


def _trace(pose: Tensor, places: Tensor, seen: Tensor) -> Tensor:
    """How place and pose change over a clip (B, K, 10), with nothing of where or what the object is.

    Motions span a tenth of the frame: factors bring every channel to about unit size.
    """
    hand, thing = places.split(2, dim=2)
    size, cosine, sine = pose.unbind(2)
    # Sine of the angle turned since the frame before: s' c - c' s.
    turned = fn.pad(sine[:, 1:] * cosine[:, :-1] - cosine[:, 1:] * sine[:, :-1], (1, 0))
    step = fn.pad(thing[:, 1:] - thing[:, :-1], (0, 0, 1, 0))
    changes = torch.stack([5 * (size - size.mean(1, keepdim=True)), 2 * turned], dim=2)
    return torch.cat([8 * _centred(thing), 8 * step, 8 * _centred(hand - thing), changes, seen], dim=2)


def _centred(x: Tensor) -> Tensor:
    """Take the mean over time from (B, K, C)."""
    return x - x.mean(dim=1, keepdim=True)
