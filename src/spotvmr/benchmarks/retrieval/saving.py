"""Seconds of a search over seconds of the dense baseline.

The dense baseline decodes every frame and runs the expert on every clip, without index and selection. The weights are
random, since they do not change the time.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from spotvmr.assembly import encode_clips
from spotvmr.benchmarks.retrieval.rows import QUERY, Row, row, seconds_of
from spotvmr.config import Config
from spotvmr.retrieval.cache.video_cache import VideoCache
from spotvmr.retrieval.retriever import Retriever, build_retriever
from spotvmr.selection import AllClips, SelectionRequest, StoredExpert
from spotvmr.types import ClipGrid
from spotvmr.video import iter_keyframes, probe, stream_clips
from spotvmr.video.cursor import Cursor


def realistic(config: Config) -> Config:
    """The settings with an expert of realistic cost: ViT-S-32 on four frames a clip, 9.2 GFLOPs."""
    expert = replace(
        config.expert, name="vit-s-32", family="open_clip", model="ViT-S-32", pretrained="random", frames=4
    )
    return replace(config, expert=expert)


def saving_rows(config: Config, path: Path, what: str, cold: float | None, warm: float | None) -> list[Row]:
    """Seconds of one query at the configured budget over those of the dense baseline: cold, warm, and repeated.

    Args:
        config: Settings of the encoders and the model.
        path: The video.
        what: Name of the case in the rows.
        cold: Limit of the ratio of a cold query.
        warm: Limit of the ratio of a warm query.
    """
    torch.manual_seed(0)
    retriever = build_retriever(config, VideoCache(None))
    grid = ClipGrid(probe(path).duration_s, config.dataset.clip_s)
    _warm_up(retriever, path)
    dense_s = seconds_of(lambda: _dense(retriever, path, grid))
    began = time.perf_counter()
    video = retriever.open(path, progress=False)
    opened = time.perf_counter()
    first = video.ask(QUERY)
    answered = time.perf_counter()
    again_s = seconds_of(lambda: video.ask(QUERY))
    parts = {stage: round(first.stages[stage]["seconds"], 2) for stage in ("decode", "expert", "selection", "model")}
    index = {stage: round(video.index_stages[stage]["seconds"], 2) for stage in ("decode", "index")}
    return [
        row(f"{what}: dense", dense_s, "s"),
        row(f"{what}: cold / dense", (answered - began) / dense_s, "x", cold, index_pass=index, query=parts),
        row(f"{what}: warm / dense", (answered - opened) / dense_s, "x", warm),
        row(f"{what}: second query, nothing new", again_s, "s", 1.5),
    ]


def index_decoding(path: Path, what: str) -> list[Row]:
    """Decoding of key frames against decoding of every frame with the same reader, on one thread."""
    index_s = seconds_of(lambda: sum(1 for _ in iter_keyframes(path)))
    info = probe(path)
    every_s = seconds_of(lambda: Cursor(info).forward(info.duration_s))
    return [row(f"{what}: every frame / key frames", every_s / index_s, "x faster", least=10.0)]


def _dense(retriever: Retriever, path: Path, grid: ClipGrid) -> None:
    """Run a query by the dense baseline."""
    context = retriever.context
    clips = (frames.pixels for _, frames in stream_clips(path, grid, context.expert.spec.frames))
    rows = []
    while batch := list(islice(clips, context.expert_batch)):
        rows.append(encode_clips(context.expert, torch.from_numpy(np.stack(batch)), context.device))
    expert = torch.from_numpy(np.concatenate(rows))[None]
    with torch.inference_mode():
        text = context.text.encode([QUERY])
        index = torch.zeros(1, grid.n_clips, context.index.spec.dim)
        mask, share = torch.ones(1, grid.n_clips, dtype=torch.bool), torch.ones(1, dtype=torch.float64)
        request = SelectionRequest(index, mask, text, share, StoredExpert(expert), context.system.model, (QUERY,))
        output = context.system.localise(index, mask, text, AllClips()(request))
        context.system.model.decode(output, context.clip_s, torch.tensor([grid.duration_s]))


def _warm_up(retriever: Retriever, path: Path) -> None:
    """Compile the kernels of torch and count FLOPs: both happen once in a process."""
    context = retriever.context
    info = probe(path)
    for encoder, batch in ((context.index, context.index_batch), (context.expert, context.expert_batch)):
        shape = (batch, encoder.spec.frames, info.height, info.width, 3)
        encode_clips(encoder, torch.zeros(shape, dtype=torch.uint8), context.device)
    context.costs.query(QUERY, context.text.encode([QUERY]), 100)
    _ = context.costs.index, context.costs.expert
