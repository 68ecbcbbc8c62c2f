"""Augmentation of frames: rotation, mirroring, zoom, shift and brightness; labels change with the frames.

A pool has about a thousand held objects, each at one place with the same neighbours. Without augmentation the networks
memorise them instead of learning shapes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as fn

from spotvmr.pretraining.heads import FrameTargets

_TURN = 0.4  # standard deviation in radians
_ZOOM = (0.85, 1.2)
_SHIFT = 0.12  # of half the frame, at most


@dataclass(frozen=True)
class FrameBatch:
    """Frames of pool videos with their labels.

    Attributes:
        index_frames: (B, 3, 54, 96), uint8.
        expert_frames: The same frames (B, 3, 72, 128), uint8.
        targets: Labels of the frames.
    """

    index_frames: Tensor
    expert_frames: Tensor
    targets: FrameTargets


def vary(batch: FrameBatch, rng: np.random.Generator) -> FrameBatch:
    """Warp and relight each frame at random, the same for index and expert."""
    n, (height, width) = len(batch.index_frames), batch.expert_frames.shape[-2:]
    turn, zoom = rng.normal(0, _TURN, n), rng.uniform(*_ZOOM, n)
    mirror = rng.choice((-1.0, 1.0), n)
    shift = rng.uniform(-_SHIFT, _SHIFT, (n, 2))
    warp = Warp(_tensor(turn), _tensor(zoom), _tensor(mirror), _tensor(shift), aspect=width / height)
    gain = _tensor(rng.uniform(0.9, 1.1, (n, 1, 1, 1)) * rng.uniform(0.96, 1.04, (n, 3, 1, 1)))
    light = _tensor(rng.uniform(-8, 8, (n, 1, 1, 1)))
    frames = [warp.frames(f) * gain + light for f in (batch.index_frames, batch.expert_frames)]
    index, expert = (f.clamp_(0, 255).to(torch.uint8) for f in frames)
    return FrameBatch(index, expert, warp.targets(batch.targets))


def _tensor(x: NDArray[np.float64]) -> Tensor:
    """To a float32 tensor."""
    return torch.from_numpy(x).float()


@dataclass(frozen=True)
class Warp:
    """Mirror, then turn and zoom about the middle, then shift.

    Attributes:
        turn: Clockwise angle in radians (N,).
        zoom: Factor of size (N,).
        mirror: -1 swaps left and right, 1 does not (N,).
        shift: x, y in halves of the frame (N, 2).
        aspect: Width over height of a frame.
    """

    turn: Tensor
    zoom: Tensor
    mirror: Tensor
    shift: Tensor
    aspect: float

    def matrix(self) -> Tensor:
        """Matrices (N, 2, 2) from old to new places, in coordinates from -1 to 1 on both axes."""
        cosine, sine = self.turn.cos() * self.zoom, self.turn.sin() * self.zoom
        rows = [cosine * self.mirror, -sine / self.aspect, sine * self.aspect * self.mirror, cosine]
        return torch.stack(rows, dim=1).view(-1, 2, 2)

    def places(self, xy: Tensor) -> Tensor:
        """Move places (N, M, 2)."""
        return xy @ self.matrix().transpose(1, 2) + self.shift[:, None]

    def frames(self, frames: Tensor) -> Tensor:
        """Warp pixels (N, 3, H, W), uint8 → float32; the area outside the frame is mirrored."""
        back = torch.linalg.inv(self.matrix())
        theta = torch.cat([back, -back @ self.shift[:, :, None]], dim=2)
        grid = fn.affine_grid(theta, list(frames.shape), align_corners=False)
        return fn.grid_sample(frames.float(), grid, padding_mode="reflection", align_corners=False)

    def targets(self, targets: FrameTargets) -> FrameTargets:
        """Move labels; objects outside the frame are no longer in view."""
        spots, things = targets.spots.clone(), targets.things.clone()
        spots[..., :2] = self.places(spots[..., :2])
        spots[..., 2] *= (spots[..., :2].abs() < 1).all(-1)
        things[..., :2] = self.places(things[..., :2])
        things[..., 2][(things[..., :2].abs() > 1).any(-1)] = -1
        size, cosine, sine = targets.pose.unbind(1)
        sine = sine * self.mirror
        turned = [size * self.zoom, cosine * self.turn.cos() - sine * self.turn.sin()]
        turned.append(sine * self.turn.cos() + cosine * self.turn.sin())
        return replace(targets, spots=spots, pose=torch.stack(turned, dim=1), things=things)
