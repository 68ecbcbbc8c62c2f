"""The source clips: captions and facts."""

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
"""Clips of a job; probing a clip takes a few milliseconds, starting a job about one."""


@dataclass(frozen=True, slots=True)
class Source:
    """A readable clip.

    Attributes:
        file: Relative to the folder of clips.
        size: Bytes.
        changed_ns: Time of the last change in nanoseconds. Another size or time means another clip.
        duration_s: Length in seconds.
        captions: Captions by their normalised form (``text.normalise``).
    """

    file: str
    size: int
    changed_ns: int
    duration_s: float
    captions: Mapping[str, str]


def read_captions(path: Path) -> tuple[dict[str, dict[str, str]], int]:
    """Read the CSV file of captions; a clip may have several rows.

    Args:
        path: UTF-8, with a header that names the columns ``file`` and ``caption``; other columns are ignored.

    Returns:
        The captions of each file by their normalised form, and the number of rows without file or caption.

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
    """Refuse names outside the folder of clips: lists are not trusted."""
    place = PurePosixPath(file.replace("\\", "/"))
    if place.is_absolute() or ".." in place.parts or "\0" in file:
        raise UserError(f"{where} names '{file[:60]!s}': files are given relative to clips=FOLDER and lie inside it")


@dataclass(frozen=True, slots=True)
class ProbedClip:
    """Result of probing a clip.

    Attributes:
        size: Bytes; 0 when the file is absent.
        changed_ns: Time of its last change, in nanoseconds.
        duration_s: Length in seconds; 0 when it cannot be read.
        fault: Reason why it cannot be read, or "".
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
    """Probe every clip once; results are kept in ``cache`` while the clip is unchanged.

    Args:
        folder: Folder of the clips.
        captions: Captions of each file.
        cache: JSON file of results.
        workers: Number of processes.
        progress: Called with the number of clips done and the total.

    Returns:
        The readable clips, and the reason for each skipped clip; both sorted by file.
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
    """Probe clips of a folder."""
    return {file: _probe_clip(folder / file) for file in files}


def _probe_clip(path: Path) -> ProbedClip:
    size, changed_ns = _stamp(path)
    try:
        return ProbedClip(size, changed_ns, probe(path).duration_s, "")
    except UserError as error:
        return ProbedClip(size, changed_ns, 0.0, str(error))


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of the last change; zeros when the file cannot be read."""
    try:
        facts = path.stat()
    except OSError:
        return 0, 0
    return facts.st_size, facts.st_mtime_ns


def _unchanged(path: Path, probed: ProbedClip) -> bool:
    return _stamp(path) == (probed.size, probed.changed_ns) and probed.size > 0


def _read_cache(path: Path) -> dict[str, ProbedClip]:
    """Results of an earlier call; none when the file is absent or has another format."""
    try:
        return {file: ProbedClip(*row) for file, row in json.loads(path.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
