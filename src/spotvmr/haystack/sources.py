"""The source clips: their captions, and what can be read of them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path, PurePosixPath

from spotvmr.errors import UserError
from spotvmr.haystack.text import normalise
from spotvmr.system.files import write_text_atomic
from spotvmr.system.processes import in_processes
from spotvmr.video.info import probe

_COLUMNS = ("file", "caption")
_CHUNK = 64
"""Clips a job; opening one takes a few milliseconds, handing out a job about one."""


@dataclass(frozen=True, slots=True)
class Source:
    """A clip that can be read.

    Attributes:
        file: Relative to the folder of clips.
        size: Bytes.
        changed_ns: Time of the last change in nanoseconds; with another size or time it is another clip.
        duration_s: Length in seconds.
        captions: Its sentences, each by its normalised form (``text.normalise``).
    """

    file: str
    size: int
    changed_ns: int
    duration_s: float
    captions: Mapping[str, str]


def read_captions(path: Path) -> tuple[dict[str, dict[str, str]], int]:
    """Read the CSV file of captions; a clip may have several rows.

    Args:
        path: UTF-8, with a head that names the columns ``file`` and ``caption``; others are ignored.

    Returns:
        The captions of each file by their normalised form, and how many rows had no file or no caption.

    Raises:
        UserError: The file cannot be read, lacks a column, holds no caption, or names a file outside the folder.
    """
    captions: dict[str, dict[str, str]] = {}
    blank = 0
    for row in _rows(path):
        file, caption = ((row[name] or "").strip() for name in _COLUMNS)
        if file and caption:
            captions.setdefault(file, {}).setdefault(normalise(caption), caption)
        else:
            blank += 1
    if not captions:
        raise UserError(f"{path} holds no row with a file and a caption; the columns are file,caption")
    return captions, blank


def _rows(path: Path) -> Iterator[Mapping[str, str | None]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if lacking := [name for name in _COLUMNS if name not in (reader.fieldnames or ())]:
                raise UserError(f"{path} has no column '{lacking[0]}'; its first line must name file,caption")
            for row in reader:
                _check_inside(row["file"] or "", f"{path}:{reader.line_num}")
                yield row
    except OSError as error:
        raise UserError(f"captions {path} cannot be read ({error.strerror}); name a CSV with captions=FILE") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 ({error.reason}); save the file as UTF-8") from None
    except csv.Error as error:
        raise UserError(f"{path} is not CSV ({error}); the columns are file,caption") from None


def _check_inside(file: str, where: str) -> None:
    """Lists come from anywhere: refuse names that lead out of the folder of clips."""
    place = PurePosixPath(file.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or "\0" in file:
        raise UserError(f"{where} names '{file[:60]!s}': files are given relative to clips=FOLDER and lie inside it")


@dataclass(frozen=True, slots=True)
class ProbedClip:
    """What looking into a clip found.

    Attributes:
        size: Bytes; 0 where there is no file.
        changed_ns: Time of its last change, in nanoseconds.
        duration_s: Length in seconds; 0 where it cannot be read.
        fault: Why it cannot be read, or "".
    """

    size: int
    changed_ns: int
    duration_s: float
    fault: str


def find_sources(
    folder: Path,
    captions: Mapping[str, Mapping[str, str]],
    cache: Path,
    workers: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Source], dict[str, str]]:
    """FrameFormat into every clip, once: what was found is kept in ``cache`` and used while the clip is unchanged.

    Args:
        folder: Of the clips.
        captions: Captions of each file.
        cache: JSON file to keep the findings in.
        workers: Processes.
        progress: Called with clips done and clips in all.

    Returns:
        The readable clips, and why each other one was skipped; both sorted by file.
    """
    known = _read_cache(cache)
    found = {file: known[file] for file in captions if file in known and _unchanged(folder / file, known[file])}
    left = sorted(set(captions) - set(found))
    jobs = [(folder, left[start : start + _CHUNK]) for start in range(0, len(left), _CHUNK)]
    for part in in_processes(probe_clips, jobs, workers):
        found |= part
        if progress:
            progress(len(found), len(captions))
    if left:
        rows = {file: list(astuple(found[file])) for file in sorted(found)}
        write_text_atomic(cache, json.dumps(rows, indent=0) + "\n")
    readable = {file: found[file] for file in sorted(captions) if not found[file].fault}
    sources = [Source(file, f.size, f.changed_ns, f.duration_s, captions[file]) for file, f in readable.items()]
    return sources, {file: found[file].fault for file in sorted(set(captions) - set(readable))}


def probe_clips(folder: Path, files: Sequence[str]) -> dict[str, ProbedClip]:
    """Probe some clips of a folder."""
    return {file: _probe_clip(folder / file) for file in files}


def _probe_clip(path: Path) -> ProbedClip:
    size, changed_ns = _stamp(path)
    try:
        return ProbedClip(size, changed_ns, probe(path).duration_s, "")
    except UserError as error:
        return ProbedClip(size, changed_ns, 0.0, str(error))


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of the last change; zeros where nothing can be asked."""
    try:
        facts = path.stat()
    except OSError:
        return 0, 0
    return facts.st_size, facts.st_mtime_ns


def _unchanged(path: Path, probed: ProbedClip) -> bool:
    return _stamp(path) == (probed.size, probed.changed_ns) and probed.size > 0


def _read_cache(path: Path) -> dict[str, ProbedClip]:
    """The findings of an earlier call; none where the file is absent or not ours."""
    try:
        return {file: ProbedClip(*row) for file, row in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
