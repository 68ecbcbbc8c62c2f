"""From frames to features: what extraction for training and retrieval on demand have in common."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from spotvmr.encoders import ClipEncoder, EncoderSpec
from spotvmr.features import StoreKey


def spec_key(spec: EncoderSpec, clip_s: float) -> StoreKey:
    """What identifies an encoder's features of clips of this length."""
    return StoreKey(spec.name, spec.weights_hash, spec.preprocessing, clip_s, spec.frames, dict(spec.parts))


@torch.inference_mode()
def encode_clips(encoder: ClipEncoder, pixels: Tensor, device: str) -> np.ndarray:
    """Encode decoded clips.

    Args:
        encoder: In evaluation mode, on ``device``.
        pixels: Frames (n, K', H, W, 3), uint8, of which the encoder takes K at equal distances.
        device: Where the encoder runs.

    Returns:
        Features (n, D), float32.
    """
    wanted, given = encoder.spec.frames, pixels.shape[1]
    picks = ((2 * torch.arange(wanted) + 1) * given) // (2 * wanted)
    frames = pixels[:, picks].permute(0, 1, 4, 2, 3)
    return encoder(frames.to(device)).float().cpu().numpy()
