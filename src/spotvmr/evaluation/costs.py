"""What an evaluation cost, as the run record keeps it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from spotvmr.assembly import FeatureSource
from spotvmr.cost import Ledger, VideoCost, amortise, count_gflops
from spotvmr.evaluation.evaluate import Evaluation
from spotvmr.extraction.prepare import PreparedData
from spotvmr.features.importers import ImportedFeatures
from spotvmr.types.record import Cost

_PROBE_HW = (90, 160)
"""Frame size for counting an encoder's FLOPs; encoders scale every frame to their own size first."""


@dataclass(frozen=True)
class Rates:
    """What one clip costs on this machine.

    Attributes:
        gflops: Of the encoder.
        encode_s: Seconds of the encoder, measured while the store was made; 0 for imported features.
        decode_s: Seconds of decoding the clip in one sequential pass; 0 for imported features.
        frames: Frames decoded for the encoder; 0 for imported features.
    """

    gflops: float
    encode_s: float
    decode_s: float
    frames: int


def rates(encoder: FeatureSource, store: Path, clip_s: float) -> Rates:
    """Count an encoder's FLOPs and read the times of the extraction that made its store.

    Imported features cost what was declared for them; nobody saw them being computed, so they have no seconds.
    """
    if isinstance(encoder, ImportedFeatures):
        return Rates(encoder.gflops_per_clip(clip_s), 0.0, 0.0, 0)
    frames = torch.zeros(1, encoder.spec.frames, 3, *_PROBE_HW, dtype=torch.uint8)
    timing = json.loads((store / "timing.json").read_text())
    clips = max(1, timing["clips"])
    gflops = count_gflops(encoder, frames)
    return Rates(gflops, timing["encode_s"] / clips, timing["decode_s"] / clips, encoder.spec.frames)


def cost_of(data: PreparedData, found: Evaluation, videos: Sequence[VideoCost]) -> Cost:
    """The record's cost block.

    ``stages`` are totals over the queries, each asked alone of its video (level ``q1``): decoding and
    indexing the whole video, encoding its own clips. Seconds of the encoders and of decoding are the
    rates of the extraction times the clips; those of text, selection and model were measured on the queries.
    With imported features the block is "modelled": their GFLOPs are declared, their seconds unknown and 0.
    """
    clip_s, sources = data.config.dataset.clip_s, (data.index_encoder, data.expert_encoder)
    index = rates(data.index_encoder, data.index.path, clip_s)
    expert = rates(data.expert_encoder, data.expert.path, clip_s)
    spent = amortise(videos, index.gflops, expert.gflops)
    n_queries = sum(len(video.queries) for video in videos)
    return Cost(
        queries_per_video=n_queries / len(videos),
        stages=_stages(data, found, videos, index, expert),
        gflops_per_query=spent.gflops_per_query,
        dense_gflops_per_query=spent.dense_gflops_per_query,
        ratio_to_dense=spent.ratio_to_dense,
        source="modelled" if any(isinstance(source, ImportedFeatures) for source in sources) else "measured",
    )


def _stages(
    data: PreparedData, found: Evaluation, videos: Sequence[VideoCost], index: Rates, expert: Rates
) -> dict[str, dict[str, float]]:
    """Totals of each stage."""
    ledger = Ledger()
    ledger.merge(found.ledger)
    for video in videos:
        for query in video.queries:
            clips = len(query.clips)
            frames = video.n_clips * index.frames + clips * expert.frames
            # One pass for the index serves the expert too; after an imported index only the chosen clips are decoded.
            decode_s = video.n_clips * index.decode_s if index.frames else clips * expert.decode_s
            ledger.add("decode", seconds=decode_s, frames=frames)
            ledger.add("index", seconds=video.n_clips * index.encode_s, gflops=video.n_clips * index.gflops)
            ledger.add("expert", seconds=clips * expert.encode_s, gflops=clips * expert.gflops, clips=clips)
            ledger.add("text", gflops=query.text_gflops)
            ledger.add("selection", gflops=query.selection_gflops)
            ledger.add("model", gflops=query.model_gflops)
    ledger.add("text", seconds=_text_seconds(data) * len(found.predictions))
    return ledger.stages()


def _text_seconds(data: PreparedData) -> float:
    """Seconds to encode one sentence alone, mean over a few; the first is a warm-up."""
    texts = sorted(data.sentences)[:9]
    data.text.encode(texts[:1])
    began = time.perf_counter()
    for text in texts:
        data.text.encode([text])
    return (time.perf_counter() - began) / len(texts)
