"""The cost block of a run record, from an evaluation."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spotvmr.assembly import FeatureSource
from spotvmr.cost import Ledger, VideoCost, amortise, encoder_gflops
from spotvmr.evaluation.evaluate import Evaluation
from spotvmr.extraction.prepare import PreparedData
from spotvmr.features.importers import ImportedFeatures
from spotvmr.types.record import Cost


@dataclass(frozen=True)
class ClipCost:
    """Cost of one clip on this machine.

    Attributes:
        gflops: GFLOPs of the encoder.
        encode_s: Seconds of the encoder, measured during extraction; 0 for imported features.
        decode_s: Seconds of decoding in one sequential pass, measured during extraction; 0 for imported features.
        frames: Frames decoded for the encoder; 0 for imported features.
    """

    gflops: float
    encode_s: float
    decode_s: float
    frames: int


def clip_cost(encoder: FeatureSource, store: Path, clip_s: float) -> ClipCost:
    """Count an encoder's FLOPs and read the seconds of the extraction that made its store.

    Imported features have declared GFLOPs and no seconds: their computation was not measured.
    """
    if isinstance(encoder, ImportedFeatures):
        return ClipCost(encoder.gflops_per_clip(clip_s), 0.0, 0.0, 0)
    timing = json.loads((store / "timing.json").read_text())
    clips = max(1, timing["clips"])
    gflops = encoder_gflops(encoder, encoder.spec.frames)
    return ClipCost(gflops, timing["encode_s"] / clips, timing["decode_s"] / clips, encoder.spec.frames)


def cost_of(data: PreparedData, found: Evaluation, videos: Sequence[VideoCost]) -> Cost:
    """Compute the cost block of a record.

    ``stages`` are totals over the queries. Each query counts as the only one of its video (level ``q1``): it pays for
    decoding and indexing the whole video and for encoding its own clips. Seconds of the encoders and of decoding are
    the seconds of a clip during extraction times the number of clips. Seconds of text, selection and model were
    measured on the queries, selection and model in batches. With imported features the source is "modelled": GFLOPs
    are declared and seconds are 0.
    """
    clip_s, sources = data.config.dataset.clip_s, (data.index_encoder, data.expert_encoder)
    index = clip_cost(data.index_encoder, data.index.path, clip_s)
    expert = clip_cost(data.expert_encoder, data.expert.path, clip_s)
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
    data: PreparedData, found: Evaluation, videos: Sequence[VideoCost], index: ClipCost, expert: ClipCost
) -> dict[str, dict[str, float]]:
    """Totals of each stage over the queries."""
    ledger = Ledger()
    ledger.merge(found.ledger)
    for video in videos:
        for query in video.queries:
            clips = len(query.clips)
            frames = video.n_clips * index.frames + clips * expert.frames
            # The decoding pass of the index also serves the expert. An imported index needs no such pass.
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
    """Seconds to encode one sentence in a batch of one: the mean over up to nine, after a warm-up."""
    texts = sorted(data.sentences)[:9]
    data.text.encode(texts[:1])
    began = time.perf_counter()
    for text in texts:
        data.text.encode([text])
    return (time.perf_counter() - began) / len(texts)
