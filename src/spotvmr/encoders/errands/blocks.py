"""Blocks of the small convolutional encoders."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as fn
from torch.nn.utils.fusion import fuse_conv_bn_eval


class ConvNormAct(nn.Module):
    """Convolution, batch norm, ReLU: (N, C, H, W) → (N, C', H', W').

    Plain (never depthwise) convolutions: on CPU they run several times faster a FLOP.
    """

    def __init__(self, channels_in: int, channels: int, kernel: int, stride: int = 1) -> None:
        """Make the block; padding keeps ``H' = H / stride``, rounded up for odd kernels."""
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels, kernel, stride, padding=(kernel - 1) // 2, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        return fn.relu(self.norm(self.conv(x)), inplace=True)

    def fold(self) -> None:
        """Fold the batch norm into the convolution; the block must not be trained afterwards."""
        if isinstance(self.norm, nn.BatchNorm2d):
            self.conv = fuse_conv_bn_eval(self.conv.eval(), self.norm.eval())
            self.norm = nn.Identity()


def fold_batchnorm(model: nn.Module) -> None:
    """Fold every ``ConvNormAct`` of a model in place; outputs in eval mode stay the same up to rounding."""
    for module in model.modules():
        if isinstance(module, ConvNormAct):
            module.fold()


def resize(frames: Tensor, size: tuple[int, int]) -> Tensor:
    """Scale frames with antialiasing, in 8 bits.

    Args:
        frames: (N, 3, H, W), uint8.
        size: (height, width) wanted.

    Returns:
        (N, 3, height, width), uint8, channels last.
    """
    frames = frames.contiguous(memory_format=torch.channels_last)
    if tuple(frames.shape[-2:]) == size:
        return frames
    if frames.device.type == "cpu":  # the 8-bit kernel exists on CPU alone and is 3-4 times the speed of float there
        return fn.interpolate(frames, size, mode="bilinear", antialias=True)
    scaled = fn.interpolate(frames.float(), size, mode="bilinear", antialias=True)
    return scaled.round_().clamp_(0, 255).to(torch.uint8)


def to_signed(frames: Tensor) -> Tensor:
    """Map 8-bit pixels to about [-2, 2]: (p - 127.5) / 63.75, float32."""
    return (frames.float() - 127.5) / 63.75


def heat_to_xy(heat: Tensor) -> tuple[Tensor, Tensor]:
    """Soft-argmax: the mean position under the softmax of each map.

    Args:
        heat: Logits (N, C, H, W).

    Returns:
        The attention (N, C, H, W), summing to one over each map, and x, y (N, C, 2) in [-1, 1] from the
        left upper to the right lower *edge* of the map (cell centres as in ``grid_sample(align_corners=False)``).
    """
    h, w = heat.shape[2:]
    attention = heat.float().flatten(2).softmax(dim=2).unflatten(2, (h, w))
    xs = (torch.arange(w, device=heat.device) * 2 + 1) / w - 1
    ys = (torch.arange(h, device=heat.device) * 2 + 1) / h - 1
    return attention, torch.stack([(attention.sum(2) * xs).sum(2), (attention.sum(3) * ys).sum(2)], dim=2)


def cut_windows(pixels: Tensor, centres: Tensor, side: int, share: float) -> Tensor:
    """Cut a square window out of each frame, by bilinear sampling.

    Args:
        pixels: Frames (N, C, H, W), float.
        centres: x, y of the windows' middles (N, 2) in [-1, 1].
        side: Pixels of a window's side.
        share: Of the frame's width that a window covers.

    Returns:
        (N, C, side, side), channels last; what lies outside a frame repeats its border.
    """
    height, width = pixels.shape[-2:]
    steps = ((torch.arange(side, device=pixels.device) * 2 + 1) / side - 1) * share
    dy, dx = torch.meshgrid(steps * width / height, steps, indexing="ij")
    grid = centres[:, None, None, :] + torch.stack([dx, dy], dim=-1)
    windows = fn.grid_sample(pixels, grid.to(pixels.dtype), padding_mode="border", align_corners=False)
    return windows.contiguous(memory_format=torch.channels_last)


def attend(features: Tensor, attention: Tensor) -> Tensor:
    """Pool (N, C, H, W) with weights (N, H, W) to (N, C)."""
    return (features * attention.to(features.dtype).unsqueeze(1)).sum(dim=(2, 3))


def standardise(x: Tensor) -> Tensor:
    """Zero mean and unit variance over the channels of each vector (layer norm without weights)."""
    return fn.layer_norm(x.float(), x.shape[-1:])
