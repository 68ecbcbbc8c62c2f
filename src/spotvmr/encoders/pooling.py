"""Pooling of the embeddings of a clip's frames to one vector, for all image models."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from spotvmr.encoders.preprocess import Preprocess


class FrameEmbedder(nn.Module):
    """Unit embeddings of frames (B, K, 3, H, W) → (B, K, D)."""

    def __init__(self, visual: nn.Module, preprocess: Preprocess) -> None:
        """Take an image net.

        Args:
            visual: Prepared frames (N, 3, h, w), float32 → (N, D).
            preprocess: Prepares frames.
        """
        super().__init__()
        self.visual, self.preprocess = visual, preprocess

    def forward(self, frames: Tensor) -> Tensor:
        """Embed frames, uint8."""
        embedded = self.visual(self.preprocess(frames.flatten(0, 1)))
        return fn.normalize(embedded, dim=-1).unflatten(0, frames.shape[:2])


class PooledIndex(nn.Module):
    """Mean of the frames' unit embeddings, scaled to about unit variance a channel: parts {image: D}."""

    def __init__(self, frames: FrameEmbedder, dim: int) -> None:
        """Take an embedder of ``dim`` channels."""
        super().__init__()
        self.frames = frames
        self.parts: dict[str, int] = {"image": dim}

    def forward(self, frames: Tensor) -> Tensor:
        """Encode clips (B, K, 3, H, W), uint8 → (B, D)."""
        mean = fn.normalize(self.frames(frames).mean(1), dim=-1)
        return mean * mean.shape[-1] ** 0.5


class PooledExpert(nn.Module):
    """Frame embeddings pooled so that their order stays: parts {mean: D, trend: D, change: D}.

    ``mean`` says what is there. ``trend``, the mean of the later half minus that of the earlier, turns its
    sign when time runs backwards: opening is not closing. ``change``, the mean absolute step from frame to
    frame, keeps motion that comes back to where it began, such as shaking. All are linear in size whatever K
    is, where concatenating K embeddings would give 8 x 768 channels a clip.
    """

    def __init__(self, frames: FrameEmbedder, dim: int) -> None:
        """Take an embedder of ``dim`` channels."""
        super().__init__()
        self.frames = frames
        self.parts: dict[str, int] = {"mean": dim, "trend": dim, "change": dim}

    def forward(self, frames: Tensor) -> Tensor:
        """Encode clips (B, K, 3, H, W), uint8, K at least 2 → (B, 3 D)."""
        embedded = self.frames(frames)
        half = embedded.shape[1] // 2
        trend = embedded[:, -half:].mean(1) - embedded[:, :half].mean(1)
        change = (embedded[:, 1:] - embedded[:, :-1]).abs().mean(1)
        return torch.cat([embedded.mean(1), trend, change], dim=1) * embedded.shape[-1] ** 0.5


def embedding_dim(frames: FrameEmbedder) -> int:
    """Channels D of an embedder, found by embedding one grey frame."""
    device = next(frames.parameters()).device
    with torch.no_grad():
        return int(frames(torch.full((1, 1, 3, 8, 8), 127, dtype=torch.uint8, device=device)).shape[-1])
