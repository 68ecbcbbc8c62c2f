"""Time and memory over the length of a video: selector and VMR model on one hour and on ten hours of clips."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch

from spotvmr.assembly import BudgetedVmr, build_student, build_text
from spotvmr.assembly.facts import encoder_facts
from spotvmr.config import Config, as_plain, from_plain
from spotvmr.cost import count_gflops
from spotvmr.selection import SelectionRequest, StoredExpert
from spotvmr.types.batches import TextBatch

SHORT, LONG = 3_600, 36_000
"""Clips of the two videos: one hour and ten at a clip a second."""
VIT_B_32_GFLOPS = 8 * 8.82
"""GFLOPs of ViT-B-32 on a clip of eight frames, 2 per multiply-add: the usual dense encoder."""
_WORDS = 12
_RUNS = 3
"""Queries of a process, and processes of a length. The fastest query counts, since other load only adds time."""


def length_rows(config: Config) -> list[dict[str, Any]]:
    """Time, memory and GFLOPs of one query on a short and a long video, random weights and features.

    Each length runs in its own processes, so that peak memory is that of one length, PyTorch included. The processes
    of both lengths alternate, since the speed of a shared machine changes over minutes.

    Args:
        config: Selector, model, encoders and budget.

    Returns:
        Rows of ``what``, ``median``, ``unit`` and ``limit`` (None without a limit).
    """
    index, expert = (encoder_facts(config, role) for role in ("index", "expert"))
    dims = (index.dim, expert.dim, build_text(config).dim)
    rounds = [[_in_process(config, dims, n) for n in (SHORT, LONG)] for _ in range(_RUNS)]
    short_s, long_s = (min(found["seconds"] for found in of_length) for of_length in zip(*rounds, strict=True))
    peak_bytes = max(long["peak_bytes"] for _, long in rounds)
    request, system = random_request(config, dims, SHORT)
    selecting = count_gflops(system.selector, request) / SHORT
    name, at = config.selector.name, f"at {config.budget:.3g} of {SHORT} clips"
    return [
        _row(f"{name} + {config.model.name}, {SHORT} clips", short_s, "s", None),
        _row(f"{name} + {config.model.name}, {LONG} clips", long_s, "s", None),
        _row(f"time, {LONG} / {SHORT} clips", long_s / short_s, "x", 11.0),
        _row(f"peak memory, {LONG} clips", peak_bytes / 2**30, "GiB", 2.0),
        _row(f"GFLOPs of {name} {at} / dense ViT-B-32", selecting / VIT_B_32_GFLOPS, "x", 0.02),
        _row(f"GFLOPs of {name} {at} / dense expert {expert.name}", selecting / expert.gflops_per_clip, "x", None),
    ]


def random_request(config: Config, dims: tuple[int, int, int], n_clips: int) -> tuple[SelectionRequest, BudgetedVmr]:
    """A random query on a random video, and a system with random weights in eval mode.

    Args:
        config: Selector, model and budget.
        dims: Channels of index, expert and token features.
        n_clips: Clips of the video.
    """
    torch.manual_seed(0)
    system = build_student(config, *dims).eval()
    index, expert = torch.randn(1, n_clips, dims[0]), torch.randn(1, n_clips, dims[1])
    text = TextBatch(torch.randn(1, _WORDS, dims[2]), torch.ones(1, _WORDS, dtype=torch.bool), torch.randn(1, dims[0]))
    mask, share = torch.ones(1, n_clips, dtype=torch.bool), torch.tensor([config.budget], dtype=torch.float64)
    return SelectionRequest(index, mask, text, share, StoredExpert(expert), system.model, ("",)), system


def time_query(given: str) -> str:
    """Seconds and peak bytes of one query, as JSON; ``length_rows`` calls this in its own processes."""
    arguments = json.loads(given)
    request, system = random_request(from_plain(arguments["config"]), tuple(arguments["dims"]), arguments["clips"])
    duration_s = torch.tensor([float(arguments["clips"])])
    seconds = []
    with torch.inference_mode():
        for _ in range(_RUNS):
            began = time.perf_counter()
            selection = system.selector(request)
            output = system.localise(request.index, request.mask, request.text, selection)
            system.decode(selection, output, 1.0, duration_s)
            seconds.append(time.perf_counter() - began)
    return json.dumps({"seconds": min(seconds), "peak_bytes": _peak_bytes()})


def _in_process(config: Config, dims: tuple[int, int, int], n_clips: int) -> dict[str, float]:
    """Run ``time_query`` in a process of its own."""
    given = json.dumps({"config": as_plain(config), "dims": dims, "clips": n_clips})
    code = "import sys; from spotvmr.benchmarks.length_scaling import time_query; print(time_query(sys.stdin.read()))"
    done = subprocess.run([sys.executable, "-c", code], input=given, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _peak_bytes() -> int:
    """Peak resident memory of this process."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not getrusage: on Linux its maximum is inherited from the process that started this one.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _row(what: str, value: float, unit: str, limit: float | None) -> dict[str, Any]:
    """A row of the table."""
    return {"what": what, "median": value, "unit": unit, "limit": limit}
