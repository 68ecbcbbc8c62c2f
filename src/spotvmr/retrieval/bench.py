"""Benchmarks of retrieval, each against the dense way of the same program in the same run.

Dense means: every frame decoded, the expert on every clip, no index and no selection. For time, random weights serve.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch

from spotvmr.assembly import encode_clips
from spotvmr.config import Config
from spotvmr.retrieval.cache import VideoCache
from spotvmr.retrieval.retriever import Retriever, build_retriever
from spotvmr.selection import AllClips, SelectionRequest, StoredExpert
from spotvmr.types import ClipGrid
from spotvmr.video import iter_keyframes, probe, stream_clips
from spotvmr.video.cursor import Cursor

QUERY = "when did I put the red flask on the shelf"
Row = dict[str, Any]


def realistic(config: Config) -> Config:
    """The settings with an expert of realistic weight: ViT-S-32 on four frames a clip, 9.2 GFLOPs."""
    expert = replace(
        config.expert, name="vit-s-32", family="open_clip", model="ViT-S-32", pretrained="random", frames=4
    )
    return replace(config, expert=expert)


def saving(config: Config, path: Path, what: str, cold: float | None, warm: float | None) -> list[Row]:
    """Seconds of one query at the configured budget, cold, warm and asked again, over those of the dense way.

    Args:
        config: Settings of the encoders and the model.
        path: The video.
        what: Name of the case in the rows.
        cold: Limit of the first ratio.
        warm: Limit of the second.
    """
    torch.manual_seed(0)
    retriever = build_retriever(config, VideoCache(None))
    grid = ClipGrid(probe(path).duration_s, config.dataset.clip_s)
    _warm_up(retriever, path)
    dense_s = _seconds(lambda: _dense(retriever, path, grid))
    began = time.perf_counter()
    video = retriever.open(path, progress=False)
    opened = time.perf_counter()
    first = video.ask(QUERY)
    asked = time.perf_counter()
    again_s = _seconds(lambda: video.ask(QUERY))
    parts = {stage: round(first.stages[stage]["seconds"], 2) for stage in ("decode", "expert", "selection", "model")}
    index = {stage: round(video.index_stages[stage]["seconds"], 2) for stage in ("decode", "index")}
    return [
        _row(f"{what}: dense", dense_s, "s", None),
        _row(f"{what}: cold / dense", (asked - began) / dense_s, "x", cold, index_pass=index, query=parts),
        _row(f"{what}: warm / dense", (asked - opened) / dense_s, "x", warm),
        _row(f"{what}: second query, nothing new", again_s, "s", 1.5),
    ]


def index_decoding(path: Path, what: str) -> list[Row]:
    """Decoding of the index pass against decoding every frame with the same reader, on one thread."""
    index_s = _seconds(lambda: sum(1 for _ in iter_keyframes(path)))
    info = probe(path)
    every_s = _seconds(lambda: Cursor(info).forward(info.duration_s))
    return [_row(f"{what}: every frame / key frames", every_s / index_s, "x faster", None, least=10.0)]


def memory(path: Path, hours: int) -> list[Row]:
    """Peak memory of one cold query on a video, and on the same video ``hours`` times in a row."""
    long = path.with_name(f"{path.stem}-x{hours}.mp4")
    if not long.is_file():
        _repeat(path, long, hours)
    once, many = (_peak_bytes(video) for video in (path, long))
    return [
        _row(f"peak memory, {hours} x {path.stem} / once", many / once, "x", 1.2),
        _row(f"peak memory, {hours} x {path.stem}", many / 2**30, "GiB", 2.5),
    ]


def ask_once(path: str) -> None:
    """Ask one cold query with the demo's encoders; what ``memory`` runs in a process of its own."""
    from spotvmr.config import compose

    build_retriever(compose(), VideoCache(None)).open(path, progress=False).ask(QUERY)


def _dense(retriever: Retriever, path: Path, grid: ClipGrid) -> None:
    """Answer a query the dense way."""
    kit = retriever.equipment
    clips = (frames.pixels for _, frames in stream_clips(path, grid, kit.expert.spec.frames))
    rows = []
    while batch := list(islice(clips, kit.expert_batch)):
        rows.append(encode_clips(kit.expert, torch.from_numpy(np.stack(batch)), kit.device))
    expert = torch.from_numpy(np.concatenate(rows))[None]
    with torch.inference_mode():
        text = kit.text.encode([QUERY])
        index = torch.zeros(1, grid.n_clips, kit.index.spec.dim)
        mask, share = torch.ones(1, grid.n_clips, dtype=torch.bool), torch.ones(1, dtype=torch.float64)
        request = SelectionRequest(index, mask, text, share, StoredExpert(expert), kit.system.model, (QUERY,))
        output = kit.system.localise(index, mask, text, AllClips()(request))
        kit.system.model.decode(output, kit.clip_s, torch.tensor([grid.duration_s]))


def _warm_up(retriever: Retriever, path: Path) -> None:
    """Let torch compile its kernels and the ledger count its FLOPs: both happen once a process."""
    kit = retriever.equipment
    info = probe(path)
    for encoder, batch in ((kit.index, kit.index_batch), (kit.expert, kit.expert_batch)):
        shape = (batch, encoder.spec.frames, info.height, info.width, 3)
        encode_clips(encoder, torch.zeros(shape, dtype=torch.uint8), kit.device)
    kit.costs.query(QUERY, kit.text.encode([QUERY]), 100)
    _ = kit.costs.index, kit.costs.expert


def _repeat(path: Path, target: Path, times: int) -> None:
    """Write a video several times in a row, without encoding."""
    from spotvmr.types.files import whole_file

    with whole_file(target) as part, av.open(str(part), "w", format="mp4") as out:
        copy, offset = None, 0
        for _ in range(times):
            with av.open(str(path)) as source:
                stream = source.streams.video[0]
                copy = copy or out.add_stream_from_template(stream)
                last = 0
                for packet in source.demux(stream):
                    if packet.dts is None or packet.pts is None:
                        continue
                    last = max(last, packet.pts + (packet.duration or 0))
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, copy
                    out.mux(packet)
                offset += last


def _peak_bytes(path: Path) -> int:
    """Largest resident memory of a process that asks one query."""
    code = "import sys; from spotvmr.retrieval.bench import ask_once; ask_once(sys.argv[1])"
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"the process that asked {path} ended with status {status}")
    return int(usage.ru_maxrss) * (1 if sys.platform == "darwin" else 1024)


def _seconds(call: Any) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _row(what: str, value: float, unit: str, limit: float | None, least: float | None = None, **more: Any) -> Row:
    """A row of the table; ``least`` is a limit from below."""
    return {"what": what, "median": value, "unit": unit, "limit": limit, "least": least, **more}
