"""What of a data set is there, what is missing, and who gives it out."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator
from pathlib import Path

from spotvmr.config.schema import Config, DatasetConfig, EncoderConfig
from spotvmr.doctor.findings import Finding
from spotvmr.errors import UserError
from spotvmr.types import Query

SPLITS = ("train", "val", "test")
IMPORTED = "imported"


def check_dataset(config: Config) -> list[Finding]:
    """Check annotation files, videos and imported features. Nothing is downloaded or made.

    Args:
        config: Its ``dataset``, ``index`` and ``expert`` say what is needed.
    """
    dataset = config.dataset
    part = f"data set {dataset.name}"
    found = _about(dataset, part)
    if dataset.world is not None:
        made = "made in" if Path(dataset.root, "world.json").is_file() else "is generated when first used, in"
        return [*found, Finding(part, "videos", "ok", f"{made} {dataset.root}")]
    with _quiet():
        annotations, queries = _annotations(dataset, part)
    video_ids = list(dict.fromkeys(query.video_id for query in queries))
    roles = {"index": config.index, "expert": config.expert}
    computed = [role for role, encoder in roles.items() if encoder.family != IMPORTED]
    found += annotations
    if computed:
        found.append(_videos(dataset, part, video_ids, " and ".join(computed)))
    for role, encoder in roles.items():
        if encoder.family == IMPORTED:
            found += _features(role, encoder, Path(dataset.root), part, video_ids)
    return found


def _about(dataset: DatasetConfig, part: str) -> list[Finding]:
    if dataset.about is None:
        return []
    facts = {"given out by": dataset.about.site, "licence": dataset.about.licence, "size": dataset.about.size}
    return [Finding(part, name, "note", text) for name, text in facts.items() if text]


def _annotations(dataset: DatasetConfig, part: str) -> tuple[list[Finding], list[Query]]:
    """A finding for each annotation file, and the queries of those that can be read."""
    from spotvmr.assembly.data import read_annotations

    found, queries = [], []
    for split in SPLITS:
        file = getattr(dataset, split)
        if not file:
            continue
        path = Path(dataset.root) / file
        try:
            rows, report = read_annotations(dataset.format, path)
        except UserError as error:
            found.append(Finding(part, f"{split} annotations", "missing", str(error)))
        else:
            found.append(Finding(part, f"{split} annotations", "ok", f"{path}: {report.summary()}"))
            queries += rows
    return found, queries


def _videos(dataset: DatasetConfig, part: str, video_ids: Collection[str], needed_by: str) -> Finding:
    from spotvmr.assembly.data import video_files

    folder = Path(dataset.root) / (dataset.videos or ".")
    where = f"{folder}, for {needed_by} features"
    if not folder.is_dir():
        return Finding(part, "videos", "missing", f"no folder {where}; set dataset.root or dataset.videos")
    there = video_files(folder)
    return _count(part, "videos", {video_id for video_id in video_ids if video_id in there}, video_ids, where)


def _features(
    role: str, encoder: EncoderConfig, root: Path, part: str, video_ids: Collection[str]
) -> Iterator[Finding]:
    """A finding for each file or folder of imported features."""
    from spotvmr.assembly.imported import build_imported

    try:
        features = build_imported(role, encoder, root)
    except UserError as error:
        yield Finding(part, f"{role} features", "missing", str(error))
        return
    for name, path in features.paths.items():
        what = f"{role} features {name}"
        if not path.exists():
            yield Finding(part, what, "missing", f"no {path}; set dataset.root or {role}.imported.path")
            continue
        try:
            there = _with_features(path, features.layout, features.key, video_ids)
        except OSError as error:
            yield Finding(part, what, "missing", f"{path} cannot be read ({str(error).splitlines()[0]})")
        else:
            yield _count(part, what, there, video_ids, str(path))


def _with_features(path: Path, layout: str, key: str, video_ids: Collection[str]) -> set[str]:
    """The videos that an h5 file, or a folder with a file a video, has features of."""
    if layout != "h5":
        return {video_id for video_id in video_ids if (path / f"{video_id}.{layout}").is_file()}
    import h5py

    with h5py.File(path, "r") as file:
        return {video_id for video_id in video_ids if (key or "{video}").replace("{video}", video_id) in file}


def _count(part: str, what: str, there: Collection[str], wanted: Collection[str], where: str) -> Finding:
    """How many of the annotated videos have something."""
    if not wanted:
        return Finding(part, what, "note", f"not counted without annotations: {where}")
    state = "ok" if len(there) == len(wanted) else "missing"
    absent = next((video_id for video_id in wanted if video_id not in there), "")
    detail = f"{len(there)} of the {len(wanted)} annotated videos in {where}"
    return Finding(part, what, state, detail + (f"; first missing: {absent}" if absent else ""))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the log lines that reading annotations writes: the table says the same."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
