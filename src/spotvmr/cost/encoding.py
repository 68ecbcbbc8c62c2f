"""Encoding cost of a video by formula, from unit costs alone.

For a video of T clips, index and expert encoders of ``g_s`` and ``g_f`` GFLOPs a clip (2 per multiply-add) and a
budget r, with expert features of ``k = max(1, round(r·T))`` clips:

    dense    = g_f · T
    budgeted = g_s · T + g_f · k      approximately   index + r · dense

The formulas count the encoders alone. Text encoder, selector and VMR model are small beside them and depend on the
query; ``cost.amortise`` includes them. Decoding has no FLOPs.
"""

from __future__ import annotations

from dataclasses import dataclass

from spotvmr.types import ClipGrid

_FP16_BYTES = 2


@dataclass(frozen=True)
class EncodingCost:
    """TFLOPs of encoding one video, 2 per multiply-add.

    Attributes:
        n_clips: Clips T of the video.
        chosen: Clips k with expert features.
        index_tflops: The index encoder on every clip.
        dense_tflops: The expert encoder on every clip.
        budgeted_tflops: The index encoder on every clip and the expert encoder on the selected clips.
        ratio_to_dense: ``budgeted_tflops`` over ``dense_tflops``.
    """

    n_clips: int
    chosen: int
    index_tflops: float
    dense_tflops: float
    budgeted_tflops: float
    ratio_to_dense: float


def encoding_cost(
    duration_s: float, clip_s: float, index_gflops: float, expert_gflops: float, budget: float
) -> EncodingCost:
    """Compute the cost of one video by the formulas at the head of this module.

    Args:
        duration_s: Length of the video in seconds, above 0.
        clip_s: Length of a clip in seconds, above 0.
        index_gflops: GFLOPs of a clip by the index encoder.
        expert_gflops: GFLOPs of a clip by the expert encoder, above 0.
        budget: Share of the clips with expert features, in (0, 1].

    Example:
        >>> cost = encoding_cost(480.0, 1.0, 1.0, 100.0, 0.1)
        >>> cost.chosen, cost.index_tflops, cost.dense_tflops, round(cost.budgeted_tflops, 9)
        (48, 0.48, 48.0, 5.28)
    """
    n_clips = ClipGrid(duration_s, clip_s).n_clips
    chosen = max(1, round(budget * n_clips))
    index, dense = n_clips * index_gflops / 1000, n_clips * expert_gflops / 1000
    budgeted = index + chosen * expert_gflops / 1000
    return EncodingCost(n_clips, chosen, index, dense, budgeted, budgeted / dense)


def bytes_an_hour(dim: int, clip_s: float) -> int:
    """Bytes of the fp16 features of one hour of video.

    Args:
        dim: Channels of a clip.
        clip_s: Length of a clip in seconds.

    Example:
        >>> bytes_an_hour(768, 1.0)
        5529600
    """
    return ClipGrid(3600.0, clip_s).n_clips * dim * _FP16_BYTES
