"""Cost of a collection of videos by formula: storage, GPU time, decoding and the bottleneck.

For H hours of video in clips of c seconds, T = 3600 H / c clips, V videos of T_v = T / V clips; encoders of g_s
(index) and g_f (expert) GFLOPs a clip; q queries of each video, each with k = max(1, round(r T_v)) clips:

    index        V · g_s · T_v                       once, for any number of queries
    expert       V · g_f · U(q)                      U = T_v (1 - (1 - k/T_v)^q), distinct clips in the cache
    dense        V · g_f · T_v                       once: the baseline that encodes every clip

U is the expected number for queries that select independently of one another. Clips of real queries overlap more, so
U is an upper bound. A store has 2 D bytes a clip (fp16). The dense baseline is cheaper from q* queries on, where
index + expert = dense:

    q* = ln(g_s / g_f) / ln(1 - k/T_v)

Decoding costs seconds of a processor core, at the rates below. The index decodes key frames and the dense baseline
every frame. The expert decodes every frame, or seeks to each clip if that takes less time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from spotvmr.cost.encoding import bytes_an_hour
from spotvmr.types import ClipGrid

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Throughput:
    """Throughput of the hardware.

    Attributes:
        gpu_tflops: Sustained TFLOPs per second of one GPU. DeCafNet (CVPR 2025) reports 689.8 TFLOPs in 17.1 s, A100.
        full_decode: Hours of video that one core decodes in an hour, every frame; measured with decord on H.264,
            640x360 at 30 fps: 10 min in 8.6 s.
        key_decode: Hours of video that one core decodes in an hour, key frames only; measured with PyAV on groups of
            pictures of 250 frames: 10 min in 0.4 s.
        seek_s: Seconds of a core to decode one selected clip; measured with decord: 5 clips in 0.24 s.
        cores_per_gpu: Cores that decode for one GPU.
    """

    gpu_tflops: float = 40.0
    full_decode: float = 70.0
    key_decode: float = 1500.0
    seek_s: float = 0.048
    cores_per_gpu: int = 8


@dataclass(frozen=True)
class StageCost:
    """Cost of one stage.

    Attributes:
        clips: Encoded clips.
        tflops: TFLOPs of the encoder, 2 per multiply-add.
        gpu_hours: Hours of one GPU.
        core_hours: Hours of one core for decoding.
        hours: Wall-clock hours of one GPU with its cores: the maximum of both, since they overlap.
        bottleneck: ``gpu`` or ``decoding``.
    """

    clips: float
    tflops: float
    gpu_hours: float
    core_hours: float
    hours: float
    bottleneck: str


@dataclass(frozen=True)
class CollectionCost:
    """Cost of a collection.

    Attributes:
        videos: Number of videos V.
        clips: Clips T of all videos.
        index_bytes_per_second: Bytes of index features of a second of video.
        index_bytes: Bytes of the index.
        dense_bytes: Bytes of the expert features of every clip.
        index: Cost of the index.
        expert: Cost of the expert features of all selected clips.
        dense: Cost of the expert features of every clip.
        ratio_to_dense: TFLOPs of index and expert over those of dense.
        even_queries: Queries a video at which both cost the same, q*; None if the index saves nothing.
    """

    videos: float
    clips: float
    index_bytes_per_second: float
    index_bytes: float
    dense_bytes: float
    index: StageCost
    expert: StageCost
    dense: StageCost
    ratio_to_dense: float
    even_queries: float | None


@dataclass(frozen=True)
class EncoderCost:
    """Unit costs of an encoder: GFLOPs a clip (2 per multiply-add) and channels of a clip."""

    gflops: float
    dim: int


def distinct_clips(n_clips: int, chosen: int, queries: float) -> float:
    """Expected number of clips that at least one of several independent queries selects.

    Example:
        >>> distinct_clips(100, 10, 1), distinct_clips(100, 10, 2)
        (10.0, 19.0)
    """
    return round(n_clips * -math.expm1(queries * math.log1p(-chosen / n_clips)), 9) if chosen < n_clips else n_clips


def collection_cost(
    hours: float,
    video_hours: float,
    queries: float,
    clip_s: float,
    index: EncoderCost,
    expert: EncoderCost,
    budget: float,
    hardware: Throughput,
) -> CollectionCost:
    """Compute the cost of a collection by the formulas at the head of this module.

    Args:
        hours: Hours of video of the collection.
        video_hours: Hours of one video.
        queries: Queries of each video.
        clip_s: Length of a clip in seconds.
        index: The index encoder.
        expert: The expert encoder, above 0 GFLOPs.
        budget: Share of a video's clips that a query may select, in (0, 1].
        hardware: Throughput of the hardware.
    """
    videos, n_clips = hours / video_hours, ClipGrid(_HOUR_S * video_hours, clip_s).n_clips
    chosen = max(1, round(budget * n_clips))
    selected = videos * distinct_clips(n_clips, chosen, queries)
    keys, full = hours / hardware.key_decode, hours / hardware.full_decode
    stages = (
        _stage(videos * n_clips, index.gflops, keys, hardware),
        _stage(selected, expert.gflops, min(selected * hardware.seek_s / _HOUR_S, full), hardware),
        _stage(videos * n_clips, expert.gflops, full, hardware),
    )
    saves = chosen < n_clips and 0 < index.gflops < expert.gflops
    return CollectionCost(
        videos,
        videos * n_clips,
        2 * index.dim / clip_s,
        hours * bytes_an_hour(index.dim, clip_s),
        hours * bytes_an_hour(expert.dim, clip_s),
        *stages,
        (stages[0].tflops + stages[1].tflops) / stages[2].tflops,
        math.log(index.gflops / expert.gflops) / math.log1p(-chosen / n_clips) if saves else None,
    )


def _stage(clips: float, gflops: float, core_hours: float, hardware: Throughput) -> StageCost:
    """Cost of a stage from its encoded clips and its hours of decoding."""
    tflops = clips * gflops / 1000
    gpu_hours, decode_hours = tflops / hardware.gpu_tflops / _HOUR_S, core_hours / hardware.cores_per_gpu
    bottleneck = "gpu" if gpu_hours >= decode_hours else "decoding"
    return StageCost(clips, tflops, gpu_hours, core_hours, max(gpu_hours, decode_hours), bottleneck)
