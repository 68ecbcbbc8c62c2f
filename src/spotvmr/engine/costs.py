"""What an evaluation cost, as the run record keeps it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from spotvmr.cost import Ledger, VideoCost, amortise, count_gflops
from spotvmr.encoders import ClipEncoder
from spotvmr.engine.evaluation import Evaluation
from spotvmr.engine.workbench import Workbench
from spotvmr.types.record import Cost

_PROBE_HW = (90, 160)
"""Frame size for counting an encoder's FLOPs; encoders scale every frame to their own size first."""


@dataclass(frozen=True)
class Rates:
    """What one clip costs on this machine.

    Attributes:
        gflops: Of the encoder.
        encode_s: Seconds of the encoder, measured while the store was made.
        decode_s: Seconds of decoding the clip in one sequential pass.
    """

    gflops: float
    encode_s: float
    decode_s: float


def rates(encoder: ClipEncoder, store: Path) -> Rates:
    """Count an encoder's FLOPs and read the times of the extraction that made its store."""
    frames = torch.zeros(1, encoder.spec.frames, 3, *_PROBE_HW, dtype=torch.uint8)
    timing = json.loads((store / "timing.json").read_text())
    clips = max(1, timing["clips"])
    return Rates(count_gflops(encoder, frames), timing["encode_s"] / clips, timing["decode_s"] / clips)


def cost_of(bench: Workbench, found: Evaluation, videos: Sequence[VideoCost]) -> Cost:
    """The record's cost block.

    ``stages`` are totals over the queries, each asked alone of its video (level ``q1``): decoding and
    indexing the whole video, encoding its own clips. Seconds of the encoders and of decoding are the
    rates of the extraction times the clips; those of text, selection and model were measured on the queries.
    """
    index = rates(bench.index_encoder, bench.index.path)
    expert = rates(bench.expert_encoder, bench.expert.path)
    spent = amortise(videos, index.gflops, expert.gflops)
    n_queries = sum(len(video.queries) for video in videos)
    return Cost(
        queries_per_video=n_queries / len(videos),
        stages=_stages(bench, found, videos, index, expert),
        gflops_per_query=spent.gflops_per_query,
        dense_gflops_per_query=spent.dense_gflops_per_query,
        ratio_to_dense=spent.ratio_to_dense,
        source="measured",
    )


def _stages(
    bench: Workbench, found: Evaluation, videos: Sequence[VideoCost], index: Rates, expert: Rates
) -> dict[str, dict[str, float]]:
    """Totals of each stage."""
    ledger = Ledger()
    ledger.merge(found.ledger)
    for video in videos:
        for query in video.queries:
            clips = len(query.clips)
            frames = video.n_clips * bench.index_encoder.spec.frames + clips * bench.expert_encoder.spec.frames
            ledger.add("decode", seconds=video.n_clips * index.decode_s, frames=frames)
            ledger.add("index", seconds=video.n_clips * index.encode_s, gflops=video.n_clips * index.gflops)
            ledger.add("expert", seconds=clips * expert.encode_s, gflops=clips * expert.gflops, clips=clips)
            ledger.add("text", gflops=query.text_gflops)
            ledger.add("selection", gflops=query.selection_gflops)
            ledger.add("model", gflops=query.model_gflops)
    ledger.add("text", seconds=_text_seconds(bench) * len(found.predictions))
    return ledger.stages()


def _text_seconds(bench: Workbench) -> float:
    """Seconds to encode one sentence alone, mean over a few; the first is a warm-up."""
    texts = sorted(bench.sentences)[:9]
    bench.text.encode(texts[:1])
    began = time.perf_counter()
    for text in texts:
        bench.text.encode([text])
    return (time.perf_counter() - began) / len(texts)
