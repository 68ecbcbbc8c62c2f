"""Heads and losses for pre-training the demo's encoders; the packaged weights do not contain them.

Small encoders learn slowly from clip labels alone. The generated world has places of the hand and of every object in
each frame. Most of the supervision is therefore dense: heat maps of hand and object, classes at the objects' places,
and the pose of the object at the hand.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from spotvmr.encoders.errands.expert import SCENE_DIM, SIGHT, WINDOW_DIM, FrameView
from spotvmr.encoders.errands.index import PARTS, IndexView


@dataclass(frozen=True)
class Classes:
    """Numbers of classes of the world; "no action" and "no object" are one more class, the last."""

    rooms: int
    shapes: int
    colours: int
    actions: int


@dataclass(frozen=True)
class FrameTargets:
    """Labels of N frames.

    Attributes:
        room: (N,), int64.
        shape: Shape of the object at the hand (N,), int64; the last class means none.
        colour: Colour of the object at the hand (N,), int64; the last class means none.
        spots: Places of hand and object at it: x, y in [-1, 1] and visibility 0 or 1 (N, 2, 3), float.
        pose: Size as a factor, cosine and sine of the angle of the object at the hand (N, 3), float.
        things: Objects in view as x, y in [-1, 1], shape, colour (N, M, 4), float; shape -1 where there is none.
    """

    room: Tensor
    shape: Tensor
    colour: Tensor
    spots: Tensor
    pose: Tensor
    things: Tensor


@dataclass(frozen=True)
class ClipTargets:
    """Labels of B clips as shares of their time, each row summing to one.

    Attributes:
        action: (B, A + 1), float.
        shape: (B, S + 1), float.
        colour: (B, C + 1), float.
        room: (B, R), float.
    """

    action: Tensor
    shape: Tensor
    colour: Tensor
    room: Tensor


class MapHeads(nn.Module):
    """Shape and colour of the objects in view, read from a feature map at their places."""

    def __init__(self, channels: int, classes: Classes) -> None:
        """Make the two linear layers."""
        super().__init__()
        self.shape, self.colour = nn.Linear(channels, classes.shapes), nn.Linear(channels, classes.colours)

    def loss(self, maps: Tensor, things: Tensor) -> Tensor:
        """Cross-entropy at every object (maps (N, C, H, W), things (N, M, 4))."""
        grid = things[:, :, None, :2].to(maps.dtype)
        found = fn.grid_sample(maps, grid, align_corners=False).squeeze(3).transpose(1, 2)
        there = things[..., 2] >= 0
        here, labels = found[there], things[there].long()
        return fn.cross_entropy(self.shape(here), labels[:, 2]) + fn.cross_entropy(self.colour(here), labels[:, 3])


class IndexHeads(nn.Module):
    """Linear heads on the index parts: room, object at the hand, objects in view."""

    def __init__(self, classes: Classes) -> None:
        """Make the heads."""
        super().__init__()
        self.colours = classes.colours
        self.room = nn.Linear(PARTS["room"], classes.rooms)
        self.shape = nn.Linear(PARTS["interaction"], classes.shapes + 1)
        self.colour = nn.Linear(PARTS["interaction"], classes.colours + 1)
        self.view = nn.Linear(PARTS["object"], classes.shapes * classes.colours)
        self.maps = MapHeads(32, classes)

    def read(self, features: Tensor) -> dict[str, Tensor]:
        """Logits by name from index features (N, 96)."""
        room, interaction, thing = features.split(list(PARTS.values()), dim=1)
        return {
            "room": self.room(room),
            "shape": self.shape(interaction),
            "colour": self.colour(interaction),
            "view": self.view(thing),
        }

    def loss(self, view: IndexView, target: FrameTargets) -> dict[str, Tensor]:
        """Losses by name."""
        logits = self.read(view.features)
        losses = {name: fn.cross_entropy(logits[name], getattr(target, name)) for name in ("room", "shape", "colour")}
        in_view = things_in_view(target.things, self.colours, logits["view"].shape[1])
        weight = torch.tensor(5.0)  # about 6 of 72 objects are in view
        losses["view"] = 2 * fn.binary_cross_entropy_with_logits(logits["view"], in_view, pos_weight=weight)
        losses["maps"] = self.maps.loss(view.maps, target.things)
        return losses | spot_losses(view.heat, view.xy, target.spots)


class SightHeads(nn.Module):
    """Heads on the expert's frame features: object at the hand, its pose, room."""

    def __init__(self, classes: Classes) -> None:
        """Make the heads."""
        super().__init__()
        self.shape = nn.Linear(WINDOW_DIM, classes.shapes + 1)
        self.colour = nn.Linear(WINDOW_DIM, classes.colours + 1)
        self.room = nn.Linear(SCENE_DIM, classes.rooms)
        self.maps = MapHeads(32, classes)

    def read(self, view: FrameView) -> dict[str, Tensor]:
        """Logits and pose by name."""
        window, scene, pose, _, _ = view.sight.split(SIGHT, dim=1)
        return {
            "shape": self.shape(window),
            "colour": self.colour(window),
            "pose": pose,
            "room": self.room(scene),
        }

    def loss(self, view: FrameView, target: FrameTargets) -> dict[str, Tensor]:
        """Losses by name."""
        read = self.read(view)
        losses = {name: fn.cross_entropy(read[name], getattr(target, name)) for name in ("room", "shape", "colour")}
        busy = target.spots[:, 1, 2] > 0
        off = (read["pose"] - target.pose)[busy].square() * torch.tensor([20.0, 1.0, 1.0])  # sizes vary by a fifth
        losses["pose"] = off.sum() / max(1, len(off))
        losses["maps"] = 0.5 * self.maps.loss(view.maps, target.things)
        return losses | spot_losses(view.heat, view.xy, target.spots)


class ClipHeads(nn.Module):
    """Linear heads on the expert features: action, object at the hand, room."""

    WEIGHTS = {"action": 2.0, "shape": 1.0, "colour": 1.0, "room": 0.5}  # noqa: RUF012 (read only)

    def __init__(self, classes: Classes) -> None:
        """Make the heads."""
        super().__init__()
        sizes = {"action": classes.actions + 1, "shape": classes.shapes + 1, "colour": classes.colours + 1}
        self.heads = nn.ModuleDict({k: nn.Linear(128, n) for k, n in (sizes | {"room": classes.rooms}).items()})

    def read(self, features: Tensor) -> dict[str, Tensor]:
        """Logits by name from expert features (B, 128)."""
        return {name: head(features) for name, head in self.heads.items()}

    def loss(self, features: Tensor, target: ClipTargets) -> dict[str, Tensor]:
        """Losses by name."""
        logits = self.read(features)
        return {k: w * fn.cross_entropy(logits[k], getattr(target, k)) for k, w in self.WEIGHTS.items()}


def spot_losses(heat: Tensor, xy: Tensor, spots: Tensor) -> dict[str, Tensor]:
    """Losses of the places of hand and object: binary cross-entropy to Gaussian maps, and distance of the soft-argmax.

    Args:
        heat: Logits (N, 2, H, W).
        xy: Soft-argmax (N, 2, 2) in [-1, 1].
        spots: x, y in [-1, 1] and visibility (N, 2, 3).

    Returns:
        ``heat`` and ``place``.
    """
    h, w = heat.shape[2:]
    xs = (torch.arange(w) * 2 + 1) / w - 1
    ys = (torch.arange(h) * 2 + 1) / h - 1
    # One cell of standard deviation: less gives no gradient between cells, more blurs a shaking hand.
    dx, dy = (xs - spots[:, :, 0, None]) * w / 2, (ys - spots[:, :, 1, None]) * h / 2
    near = torch.exp(-0.5 * (dx[:, :, None, :].square() + dy[:, :, :, None].square()))
    wanted = near * spots[:, :, 2, None, None]
    fit = fn.binary_cross_entropy_with_logits(heat.float(), wanted, reduction="sum") / len(heat) / 12
    seen = spots[:, :, 2] > 0
    off = (xy - spots[:, :, :2]).abs().sum(2)[seen]
    return {"heat": fit, "place": 4 * off.sum() / max(1, len(off))}


def things_in_view(things: Tensor, colours: int, pairs: int) -> Tensor:
    """Objects (N, M, 4) as a multi-hot vector (N, pairs) over shape × colour."""
    there = things[..., 2] >= 0
    pair = (things[..., 2] * colours + things[..., 3]).long().clamp_min(0)
    hot = torch.zeros(len(things), pairs)
    return hot.scatter_add_(1, pair, there.float()).clamp_max_(1)


def contrast(rows: Tensor, columns: Tensor, scale: Tensor, matching: Tensor) -> Tensor:
    """InfoNCE of sentences against clips in one direction (van den Oord et al., 2018).

    Args:
        rows: Unit sentence vectors (N, D), N > 0.
        columns: Unit clip vectors (B, D); clip ``i`` fits sentence ``i`` for i < N.
        scale: Logarithm of the inverse temperature, at most 4.6 (a temperature of 0.01).
        matching: Clips that match a sentence (N, B), bool; they are not used as negatives.

    Returns:
        The mean loss.
    """
    logits = rows @ columns.T * scale.clamp_max(4.6).exp()
    own = torch.arange(len(rows))
    matching = matching.clone()
    matching[own, own] = False
    return fn.cross_entropy(logits.masked_fill(matching, -1e4), own)
