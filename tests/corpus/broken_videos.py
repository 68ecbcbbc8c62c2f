"""Broken video files from a seed, and what becomes of them: each must end in a result or in one clear line.

All 500, about a minute on one core; a table of those that fell out of line is printed, the exit code is their number.
Another seed, which may follow the count, breaks them otherwise:

    OMP_NUM_THREADS=1 python tests/corpus/broken_videos.py 500

Bytes are flipped, cut out or zeroed, boxes are swapped, and numbers in headers become absurd. Each file goes through
probe, the index pass of a training and a search, in a process that may die without harm.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "video"))  # test folders are no packages

from make_videos import MAKERS

SOURCES = (
    "plain.mp4",
    "vfr.mp4",
    "late_start.ts",
    "vp9.webm",
    "mpeg4.avi",
    "rotated_90.mp4",
    "cut.mp4",
    "one_frame.mp4",
)
LIMIT_S, LIMIT_BYTES = 30.0, 1 << 30
HANG_S = 4 * LIMIT_S
"""Without an answer for so long a process hangs; by the clock, which a busy machine stretches."""
_BOXES = (
    b"moov",
    b"mdat",
    b"trak",
    b"stbl",
    b"stts",
    b"stsz",
    b"stco",
    b"stsc",
    b"stsd",
    b"tkhd",
    b"mdhd",
    b"avcC",
    b"edts",
)
_NUMBERS = (0, 1, 2**15, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1)

Breaker = Callable[[bytearray, np.random.Generator], None]


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes:
        name: The file.
        kind: "result", "refused" (one clear line), or the fault: "error", "crash", "hang", "memory", "slow".
        said: The line, or the traceback.
        seconds: Processor time that it took, all threads together; of a crash or hang, time by the clock.
        peak_bytes: Memory that it took at most beyond what the process had before.
    """

    name: str
    kind: str
    said: str
    seconds: float
    peak_bytes: int = 0

    @property
    def fault(self) -> bool:
        """Whether a promise was broken."""
        return self.kind not in ("result", "refused")


def flip_bits(content: bytearray, random: np.random.Generator) -> None:
    """Flip 1 to 300 bits anywhere."""
    for place in random.integers(0, len(content), int(2 ** random.uniform(0, 8.2))):
        content[place] ^= 1 << int(random.integers(8))


def flip_head(content: bytearray, random: np.random.Generator) -> None:
    """Flip 1 to 20 bits of the first 2 kB, where most containers describe themselves."""
    for place in random.integers(0, min(2048, len(content)), int(random.integers(1, 21))):
        content[place] ^= 1 << int(random.integers(8))


def cut_end(content: bytearray, random: np.random.Generator) -> None:
    """Keep the beginning alone."""
    del content[int(random.integers(1, len(content))) :]


def cut_middle(content: bytearray, random: np.random.Generator) -> None:
    """Take a stretch out."""
    start, stop = sorted(random.integers(0, len(content), 2).tolist())
    del content[start:stop]


def zero(content: bytearray, random: np.random.Generator) -> None:
    """Overwrite a stretch with zeros."""
    start = int(random.integers(0, len(content)))
    stop = min(len(content), start + int(2 ** random.uniform(2, 14)))
    content[start:stop] = bytes(stop - start)


def swap_boxes(content: bytearray, random: np.random.Generator) -> None:
    """Exchange the names of two boxes; files without boxes get two stretches exchanged."""
    found = [place for name in _BOXES if (place := content.find(name)) >= 0]
    if len(found) < 2:
        found, size = random.integers(0, max(1, len(content) - 64), 2).tolist(), 64
    else:
        found, size = random.choice(found, 2, replace=False).tolist(), 4
    first, second = found
    content[first : first + size], content[second : second + size] = (
        content[second : second + size],
        content[first : first + size],
    )


def absurd_header(content: bytearray, random: np.random.Generator) -> None:
    """Put absurd numbers behind the name of a box, or into the first 512 bytes."""
    found = [place + 4 for name in _BOXES if (place := content.find(name)) >= 0]
    for _ in range(int(random.integers(1, 4))):
        start = int(random.choice(found)) if found else int(random.integers(0, 512))
        place = min(max(0, len(content) - 4), start + 4 * int(random.integers(0, 24)))
        content[place : place + 4] = int(random.choice(_NUMBERS)).to_bytes(4, "big")


BREAKERS: tuple[Breaker, ...] = (flip_bits, flip_head, cut_end, cut_middle, zero, swap_boxes, absurd_header)


def make(folder: Path, count: int, seed: int = 0) -> Iterator[Path]:
    """Write broken files, every way of breaking applied to every source in turn."""
    sources = [MAKERS[name](folder / f"source_{name}") for name in SOURCES]
    for number in range(count):
        source = sources[number % len(sources)]
        breaker = BREAKERS[number // len(sources) % len(BREAKERS)]
        content = bytearray(source.read_bytes())
        breaker(content, np.random.default_rng([seed, number]))
        path = folder / f"{number:04d}_{breaker.__name__}_{source.name.removeprefix('source_')}"
        path.write_bytes(content)
        yield path


def use(path: Path, retriever: Any) -> None:
    """Probe a file, pass over it as a training does, and search it; UserError is a clear line."""
    from spotvmr.types import ClipGrid
    from spotvmr.video import probe, stream_clips

    info = probe(path)
    for _ in stream_clips(path, ClipGrid(info.duration_s, 1.0), 2, threads=1):
        pass
    retriever.open(path, progress=False).ask("when did I shake it", budget=0.1)


def _serve(pipe: Connection) -> None:
    """Use one file after another, and tell what became of each."""
    from spotvmr.config import compose
    from spotvmr.errors import UserError
    from spotvmr.retrieval import VideoCache, build_retriever

    words = ["model.dim=16", "model.conv_layers=1", "model.heads=2"]
    retriever = build_retriever(compose(words), VideoCache(None, 1 << 30))
    pipe.send(("ready", "", 0.0, 0))
    while path := pipe.recv():
        before, began = _peak_bytes_anew(), time.process_time()
        try:
            use(Path(path), retriever)
            kind, said = "result", ""
        except UserError as error:
            kind, said = ("refused" if "\n" not in str(error) else "error"), str(error)
        except Exception:  # noqa: BLE001 - whatever it is, it is the finding
            kind, said = "error", traceback.format_exc()
        pipe.send((kind, said, time.process_time() - began, _peak_bytes() - before))


def _peak_bytes_anew() -> int:
    """Let Linux count this process' peak memory from now on, and what it is."""
    Path("/proc/self/clear_refs").write_text("5")  # 5 resets VmHWM (man 5 proc)
    return _peak_bytes()


def _peak_bytes() -> int:
    """Most memory this process held since the count began."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


class Tester:
    """Tries files in a process that is made anew when one kills it."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: Any = None

    def __enter__(self) -> Tester:
        """The tester itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        self._end()

    def try_file(self, path: Path) -> Outcome:
        """What becomes of a file."""
        if self._process is None:
            self._start()
        began = time.perf_counter()
        self._pipe.send(str(path))
        try:
            if not self._pipe.poll(HANG_S):
                self._end()
                return Outcome(path.name, "hang", f"more than {HANG_S} s", time.perf_counter() - began)
            kind, said, spent_s, grown = self._pipe.recv()
        except (EOFError, ConnectionError):
            self._end()
            return Outcome(path.name, "crash", "the process died", time.perf_counter() - began)
        if grown > LIMIT_BYTES:
            kind = "memory"
        elif spent_s > LIMIT_S:
            kind = "slow"
        return Outcome(path.name, kind, said, spent_s, grown)

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe.recv()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process = None


def main(count: int, seed: int = 0) -> int:
    """Try ``count`` files, print those that broke a promise, return their number."""
    with tempfile.TemporaryDirectory() as folder, Tester() as tester:
        outcomes = [tester.try_file(path) for path in make(Path(folder), count, seed)]
    faults = [outcome for outcome in outcomes if outcome.fault]
    for outcome in faults:
        print(f"{outcome.kind} {outcome.name} after {outcome.seconds:.1f} s: {outcome.said}")
    kinds = [outcome.kind for outcome in outcomes]
    print({kind: kinds.count(kind) for kind in sorted(set(kinds))})
    slowest, largest = max(outcomes, key=lambda one: one.seconds), max(outcomes, key=lambda one: one.peak_bytes)
    print(
        f"longest {slowest.seconds:.1f} s ({slowest.name}), most memory {largest.peak_bytes >> 20} MiB ({largest.name})"
    )
    return len(faults)


if __name__ == "__main__":
    sys.exit(min(100, main(*map(int, sys.argv[1:]))))
