"""What encoding a video costs, by formula, from nothing but unit costs.

For a video of T clips, index and expert encoders of ``g_s`` and ``g_f`` GFLOPs a clip (2 per multiply-add) and a
budget r, of which ``k = max(1, round(r·T))`` clips get expert features:

    dense    = g_f · T
    budgeted = g_s · T + g_f · k      so close to   index + r · dense

Encoders alone: sentences, selector and VMR model are small beside them and depend on the query (``cost.amortise``
has them), and decoding is no matter of FLOPs.
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
        chosen: Clips k that get expert features.
        index_tflops: The index, every clip.
        dense_tflops: The expert, every clip.
        budgeted_tflops: The index on every clip and the expert on the chosen ones.
        ratio_to_dense: The last over the one before.
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
        index_gflops: Of the index encoder, a clip.
        expert_gflops: Of the expert encoder, a clip, above 0.
        budget: Share of the clips that get expert features, in (0, 1].

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
    """Bytes of fp16 features of an hour of video.

    Args:
        dim: Channels of a clip.
        clip_s: Length of a clip in seconds.

    Example:
        >>> bytes_an_hour(768, 1.0)
        5529600
    """
    return ClipGrid(3600.0, clip_s).n_clips * dim * _FP16_BYTES
