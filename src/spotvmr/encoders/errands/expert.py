"""The demo's expert encoder: eight frames of a clip → one vector with the action.

A network on whole frames locates the hand and its object in each frame. A second network encodes a window around the
object and its pose. Temporal convolutions encode the change of place and pose. Motion and appearance (object, room)
are separate up to the output: a network with both inputs memorises the events of the pool instead of the actions (0.89
on its own videos, chance on others). About 250 MFLOPs a clip (2 per multiply-add).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from spotvmr.encoders.errands.blocks import ConvNormAct, cut_windows, heat_to_xy, resize, standardise, to_signed

WINDOW_DIM, SCENE_DIM, POSE_DIM = 64, 48, 3
SIGHT = [WINDOW_DIM, SCENE_DIM, POSE_DIM, 4, 2]
"""Channels of the features of a frame: window, scene, pose, places of hand and object, and their confidence."""
_TRACE_DIM, _TWITCH_DIM, _HIDDEN = 10, 8, 64


@dataclass(frozen=True)
class FrameView:
    """Outputs of the frame layers; pre-training supervises the maps.

    Attributes:
        sight: Features of a frame, the input of the temporal layers (N, 121).
        heat: Logits of the places of hand and object (N, 2, 18, 32).
        xy: Places of hand and object (N, 2, 2) in [-1, 1]; meaningless where there is none.
        maps: Fine features (N, 32, 18, 32).
    """

    sight: Tensor
    heat: Tensor
    xy: Tensor
    maps: Tensor


class ErrandsExpert(nn.Module):
    """Encoder of eight frames of a clip at 128x72."""

    size = (72, 128)  # pixels, (height, width)
    frames = 8
    window = 28  # pixels: side of the window around the object at the hand
    window_share = 0.22  # of the frame's width that the window covers
    parts = {"expert": 128}  # noqa: RUF012 (read only)

    def __init__(self) -> None:
        """Make the network with random weights."""
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
        """Encode single frames (N, 3, 72, 128), uint8."""
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
        """Freeze the layers of ``view_frames``; those of ``encode_views`` stay trainable."""
        for layer in (self.stem, self.deep, self.lift, self.heat, self.glimpse, self.condense, self.pose):
            layer.eval().requires_grad_(False)

    def _glimpse(self, pixels: Tensor, xy: Tensor) -> Tensor:
        """Features (N, 64) of windows around the points (N, 2) of frames (N, 3, H, W)."""
        windows = cut_windows(pixels, xy, self.window, self.window_share)
        return fn.relu(self.condense(self.glimpse(windows).flatten(1)))

    def encode_views(self, sight: Tensor) -> Tensor:
        """Encode the frame features of a clip (B, 8, 121) to (B, 128): motion, then appearance, each standardised."""
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
    """Changes of place and pose over a clip (B, K, 10), without the place and the class of the object.

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
