"""Whether the video backends read: each decodes a small file that is written for it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spotvmr.doctor.findings import Finding

PART = "video"
_FRAMES, _FPS, _SIZE = 20, 10, (64, 48)
_CODECS = ("h264", "hevc", "vp9", "av1")

Frames = NDArray[np.uint8]


def check_backends() -> list[Finding]:
    """Write a video of 20 grey steps and read three of them back with every backend."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "steps.mp4"
        try:
            _write(path)
        except Exception as error:  # noqa: BLE001 whatever fails here is the finding
            return [Finding(PART, "writing", "missing", f"PyAV cannot write H.264 ({_line(error)}): pip install av")]
        findings = [Finding(PART, "writing", "ok", "H.264 by PyAV")]
        return [*findings, *(_reading(name, read, path) for name, read in READERS.items()), _codecs()]


def _write(path: Path) -> None:
    from spotvmr.video import VideoWriter

    width, height = _SIZE
    with VideoWriter(path, width, height, _FPS, keyframe_s=0.5) as writer:
        for number in range(_FRAMES):
            writer.write(np.full((height, width, 3), _grey(number), np.uint8))


def _grey(number: int) -> int:
    return 20 + 10 * number


def _reading(name: str, read: Callable[[Path, list[int]], Frames], path: Path) -> Finding:
    # All stand before the last key frame: decord leaves those after it to PyAV.
    numbers = [1, 7, 13]
    try:
        greys = read(path, numbers).reshape(len(numbers), -1).mean(axis=1)
    except Exception as error:  # noqa: BLE001 whatever fails here is the finding
        # Nothing is readable without PyAV; the other backends are optional
        state = "missing" if name == "pyav" else "note"
        return Finding(PART, name, state, f"does not work ({_line(error)})")
    if np.abs(greys - [_grey(number) for number in numbers]).max() > 4:
        return Finding(PART, name, "missing", "gives wrong frames; install it again")
    return Finding(PART, name, "ok", f"frames {', '.join(map(str, numbers))} of a small file are right")


def _read(backend: str, path: Path, numbers: list[int]) -> Frames:
    from spotvmr.video import open_reader

    return open_reader(path, backend).read([number / _FPS for number in numbers]).pixels


READERS: Mapping[str, Callable[[Path, list[int]], Frames]] = {
    name: partial(_read, name) for name in ("pyav", "decord", "torchcodec")
}
"""Every backend by name."""


def _codecs() -> Finding:
    import av

    there = [name for name in _CODECS if name in av.codecs_available]
    lacking = [name for name in _CODECS if name not in there]
    detail = f"PyAV decodes {', '.join(there)}" + (f", not {', '.join(lacking)}" if lacking else "")
    return Finding(PART, "codecs", "note" if lacking else "ok", detail)


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100]
