"""Peak memory of a search over the length of the video."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import av

from spotvmr.benchmarks.retrieval.rows import QUERY, Row, row
from spotvmr.config import compose
from spotvmr.retrieval.cache.video_cache import VideoCache
from spotvmr.retrieval.retriever import build_retriever
from spotvmr.system.files import whole_file


def memory_rows(path: Path, times: int) -> list[Row]:
    """Peak memory of one cold query on a video, and on the video repeated ``times`` times.

    Each query runs in its own process, with the demo's encoders and a cache in a file.
    """
    long = path.with_name(f"{path.stem}-x{times}.mp4")
    if not long.is_file():
        repeat(path, long, times)
    single, repeated = (_peak_bytes(video) for video in (path, long))
    return [
        row(f"peak memory, {path.stem}", single / 2**30, "GiB"),
        row(f"peak memory, {times} x {path.stem}", repeated / 2**30, "GiB", 2.5),
        row(f"peak memory, {times} x {path.stem} / once", repeated / single, "x", 1.2),
    ]


def query_once(path: str) -> None:
    """Run one cold query; ``memory_rows`` calls this in a process of its own."""
    with TemporaryDirectory() as folder:
        cache = VideoCache(Path(folder))
        build_retriever(compose(), cache).open(path, progress=False).ask(QUERY)
        cache.close()


def repeat(path: Path, target: Path, times: int) -> None:
    """Write a video that repeats another one, without encoding."""
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
    """Peak resident memory of a process that runs one query."""
    code = "import sys; from spotvmr.benchmarks.retrieval.memory import query_once; query_once(sys.argv[1])"
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"the process that searched {path} ended with status {status}")
    return int(usage.ru_maxrss) * (1 if sys.platform == "darwin" else 1024)
