"""What ``--json`` promises: one JSON object on stdout and nothing else."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def stdout_kept_for_json() -> Iterator[None]:
    """Send whatever is written to stdout meanwhile to stderr.

    Libraries print, some from C and some from processes they start, so the file descriptor itself is turned.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def stdout_for_any_text() -> None:
    """Let stdout write ``?`` for a sign that its encoding lacks, as on an ASCII console, in place of an error."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def printable(text: str) -> str:
    """Text for stdout: dots in ASCII where its encoding has no ellipsis."""
    try:
        "…".encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return text.replace("…", "...")
    return text


def first_process() -> bool:
    """Whether this is the process that talks: of a distributed training, the first one of each machine."""
    return os.environ.get("LOCAL_RANK", "0") == "0"


def write_json(result: Mapping[str, Any]) -> None:
    """Write one line of JSON; a number that JSON has no word for (NaN, infinity) becomes null.

    In distributed training only the first process writes.
    """
    if first_process():
        ascii_only = (sys.stdout.encoding or "utf-8").lower().replace("-", "") != "utf8"
        sys.stdout.write(json.dumps(_finite(result), ensure_ascii=ascii_only, default=str) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
