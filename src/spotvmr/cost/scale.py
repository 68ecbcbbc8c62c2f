"""What a collection of videos costs, by formula: storage, GPU time, decoding, and where the bottleneck is.

For H hours of video in clips of c seconds, T = 3600 H / c clips, V videos of T_v = T / V clips; encoders of g_s
(index) and g_f (expert) GFLOPs a clip; q queries of each video, each with k = max(1, round(r T_v)) clips:

    index        V · g_s · T_v                       once, whatever is asked
    expert       V · g_f · U(q)                      U = T_v (1 - (1 - k/T_v)^q), distinct clips in the cache
    dense        V · g_f · T_v                       once: the rival that encodes everything

U is the expectation for queries that choose independently of one another. Real ones overlap more, so it is an upper
bound. A store has 2 D bytes a clip (fp16). The rival is cheaper from q* on, where index + expert = dense:

    q* = ln(g_s / g_f) / ln(1 - k/T_v)

Decoding is paid in seconds of a processor core, at the rates below: key frames for the index, every frame for the
rival, and for the expert a seek for each clip or every frame, whichever is less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from spotvmr.cost.model import bytes_an_hour
from spotvmr.types import ClipGrid

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Rates:
    """How fast the hardware is.

    Attributes:
        gpu_tflops: TFLOPs a second that one GPU sustains. DeCafNet (CVPR 2025) reports 689.8 TFLOPs in 17.1 s, A100.
        full_decode: Hours of video of which one core decodes every frame in an hour; 640x360 at 30 fps, H.264,
            decord: 10 min in 8.6 s.
        key_decode: The same of key frames alone, a group of pictures of 250 frames, PyAV: 10 min in 0.4 s.
        seek_s: Seconds of a core to decode one chosen clip; decord: 5 places in 0.24 s.
        cores_per_gpu: Cores that decode for one GPU.
    """

    gpu_tflops: float = 40.0
    full_decode: float = 70.0
    key_decode: float = 1500.0
    seek_s: float = 0.048
    cores_per_gpu: int = 8


@dataclass(frozen=True)
class Stage:
    """What one stage takes.

    Attributes:
        clips: Clips that it encodes.
        tflops: Of its encoder, 2 per multiply-add.
        gpu_hours: Of one GPU.
        core_hours: Of one core that decodes.
        hours: By the clock on one GPU with its cores: the longer of both, since they overlap.
        bottleneck: ``gpu`` or ``decoding``.
    """

    clips: float
    tflops: float
    gpu_hours: float
    core_hours: float
    hours: float
    bottleneck: str


@dataclass(frozen=True)
class Scale:
    """What a collection costs.

    Attributes:
        videos: Number of videos V.
        clips: Clips of all of them, T.
        index_bytes_per_second: Bytes of index features of a second of video.
        index_bytes: Bytes of the index.
        dense_bytes: Bytes of the expert features of every clip.
        index: Making the index.
        expert: Expert features of the clips that all queries chose.
        dense: Expert features of every clip.
        ratio_to_dense: TFLOPs of index and expert over those of dense.
        even_queries: Queries a video at which both cost the same, q*; None where the index saves nothing.
    """

    videos: float
    clips: float
    index_bytes_per_second: float
    index_bytes: float
    dense_bytes: float
    index: Stage
    expert: Stage
    dense: Stage
    ratio_to_dense: float
    even_queries: float | None


@dataclass(frozen=True)
class Encoding:
    """An encoder as the formulas see it: GFLOPs a clip (2 per multiply-add) and channels of a clip."""

    gflops: float
    dim: int


def distinct_clips(n_clips: int, chosen: int, queries: float) -> float:
    """Clips that at least one of several queries chose, expected for independent choices.

    Example:
        >>> distinct_clips(100, 10, 1), distinct_clips(100, 10, 2)
        (10.0, 19.0)
    """
    return round(n_clips * -math.expm1(queries * math.log1p(-chosen / n_clips)), 9) if chosen < n_clips else n_clips


def scale(
    hours: float,
    video_hours: float,
    queries: float,
    clip_s: float,
    index: Encoding,
    expert: Encoding,
    budget: float,
    rates: Rates,
) -> Scale:
    """Compute the cost of a collection by the formulas at the head of this module.

    Args:
        hours: Hours of video in all.
        video_hours: Hours of one video.
        queries: Queries asked of each video.
        clip_s: Length of a clip in seconds.
        index: The index encoder.
        expert: The expert encoder, above 0 GFLOPs.
        budget: Share of a video's clips that a query may choose, in (0, 1].
        rates: Of the hardware.
    """
    videos, n_clips = hours / video_hours, ClipGrid(_HOUR_S * video_hours, clip_s).n_clips
    chosen = max(1, round(budget * n_clips))
    looked_at = videos * distinct_clips(n_clips, chosen, queries)
    stages = (
        _stage(videos * n_clips, index.gflops, hours / rates.key_decode, rates),
        _stage(looked_at, expert.gflops, min(looked_at * rates.seek_s / _HOUR_S, hours / rates.full_decode), rates),
        _stage(videos * n_clips, expert.gflops, hours / rates.full_decode, rates),
    )
    saves = chosen < n_clips and 0 < index.gflops < expert.gflops
    return Scale(
        videos,
        videos * n_clips,
        2 * index.dim / clip_s,
        hours * bytes_an_hour(index.dim, clip_s),
        hours * bytes_an_hour(expert.dim, clip_s),
        *stages,
        (stages[0].tflops + stages[1].tflops) / stages[2].tflops,
        math.log(index.gflops / expert.gflops) / math.log1p(-chosen / n_clips) if saves else None,
    )


def _stage(clips: float, gflops: float, core_hours: float, rates: Rates) -> Stage:
    """A stage from what it encodes and decodes."""
    tflops = clips * gflops / 1000
    gpu_hours, decode_hours = tflops / rates.gpu_tflops / _HOUR_S, core_hours / rates.cores_per_gpu
    bottleneck = "gpu" if gpu_hours >= decode_hours else "decoding"
    return Stage(clips, tflops, gpu_hours, core_hours, max(gpu_hours, decode_hours), bottleneck)
