"""BAM for real footage: background, appearance and motion, the three parts of SpotVMR (AAAI 2024).

There three nets were run for them; here one cheap embedding and the coded stream give all three. Background
is the embedding averaged over about a minute, appearance what a clip has beyond it: their sum is the embedding
again. Motion is read off packet sizes, for a coder spends bytes where pixels move, and off the change from one
key frame to the next; neither costs the decoding of a frame that is not a key frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

BACKGROUND_S = 60.0
"""Seconds of the average of the background."""
MOTION_DIM = 6
"""Mean, maximum and deviation of packet sizes, change to the previous clip; difference and share of key frames."""
_CHANGED = 0.1
"""Minimum difference of grey in [0, 1] of a changed pixel."""
_GREY = np.array([0.299, 0.587, 0.114], np.float32)


def bam_parts(embeddings: NDArray[Any], motion: NDArray[Any], clip_s: float) -> NDArray[np.float32]:
    """Background, appearance and motion of a whole video.

    Args:
        embeddings: Of every clip (n, D).
        motion: Of every clip (n, 6), from ``motion_channels``.
        clip_s: Length of a clip in seconds.

    Returns:
        (n, 2 D + 6): background (D), appearance (D), motion (6).
    """
    values = embeddings.astype(np.float32)
    background = moving_mean(values, reach=round(BACKGROUND_S / clip_s / 2))
    return np.concatenate([background, values - background, motion.astype(np.float32)], axis=1)


def bam_sentences(sentences: NDArray[Any]) -> NDArray[np.float32]:
    """Sentences (B, D) in the space of the parts (B, 2 D + 6).

    Twice the sentence, and no motion: its product with a clip is that of sentence and embedding.
    """
    values = sentences.astype(np.float32)
    return np.concatenate([values, values, np.zeros((len(values), MOTION_DIM), np.float32)], axis=1)


def moving_mean(values: NDArray[Any], reach: int) -> NDArray[np.float32]:
    """Mean over the rows ``t - reach … t + reach`` that exist: (n, D) → (n, D).

    >>> moving_mean(np.array([[0.0], [3.0], [6.0], [0.0]]), reach=1).ravel().tolist()
    [1.5, 3.0, 3.0, 3.0]
    """
    n = len(values)
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    rows = np.arange(n)
    low, high = np.maximum(rows - reach, 0), np.minimum(rows + reach + 1, n)
    return ((sums[high] - sums[low]) / (high - low)[:, None]).astype(np.float32)


def motion_channels(
    sizes: NDArray[Any], clips: NDArray[Any], keyframe: NDArray[Any], changes: NDArray[Any], n_clips: int
) -> NDArray[np.float32]:
    """Motion of each clip.

    Args:
        sizes: Bytes of each packet (N,).
        clips: Clip number of each packet (N,), rising.
        keyframe: Whether a packet is a key frame (N,).
        changes: From ``key_changes``: difference and share at the clip of each pair's second frame (m, 3).
        n_clips: Clips of the video.

    Returns:
        (n_clips, 6). Sizes are base-2 logarithms less the video's median, so that no bit rate shows; key
        packets are left out, unless nearly all are (intra-only video). A clip without packets has zeros.
    """
    counts = ~keyframe if (~keyframe).sum() * 2 > len(keyframe) else np.ones_like(keyframe)
    motion = np.zeros((n_clips, MOTION_DIM), np.float32)
    if counts.any():
        logs = np.log2(np.maximum(sizes[counts], 1).astype(np.float64))
        motion[:, :3] = _spread(logs - np.median(logs), np.clip(clips[counts], 0, n_clips - 1), n_clips)
        motion[1:, 3] = motion[1:, 0] - motion[:-1, 0]
    if len(changes):
        # The pair whose second frame is the first at or behind the clip; behind the last, the last.
        pair = np.searchsorted(changes[:, 0], np.arange(n_clips)).clip(max=len(changes) - 1)
        motion[:, 4:] = changes[pair, 1:]
    return motion


def key_changes(frames: Iterable[tuple[int, NDArray[Any]]]) -> NDArray[np.float32]:
    """Difference of each key frame to the previous one; two frames are in memory at a time.

    Args:
        frames: Clip number and small RGB picture (H, W, 3), uint8, of each key frame, in order of time.

    Returns:
        (m, 3), a row a pair: clip of the second frame, mean difference of grey in units of 0.1, share of
        the pixels that changed.
    """
    rows, before = [], None
    for clip, pixels in frames:
        grey = pixels.astype(np.float32) @ _GREY / 255
        if before is not None:
            difference = np.abs(grey - before)
            rows.append((clip, difference.mean() / _CHANGED, (difference > _CHANGED).mean()))
        before = grey
    return np.array(rows, np.float32).reshape(-1, 3)


def _spread(values: NDArray[Any], clips: NDArray[Any], n_clips: int) -> NDArray[np.float64]:
    """Mean, largest and standard deviation of the values in each clip (n_clips, 3); zeros where there are none."""
    number = np.maximum(np.bincount(clips, minlength=n_clips), 1)
    mean = np.bincount(clips, values, n_clips) / number
    square = np.bincount(clips, values**2, n_clips) / number
    largest = np.full(n_clips, -np.inf)
    np.maximum.at(largest, clips, values)
    return np.stack([mean, np.where(np.isfinite(largest), largest, 0), np.sqrt(np.maximum(square - mean**2, 0))], 1)
