"""From configuration to queries and video files."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.progress import Progress

from spotvmr.annotations import (
    AnnotationReport,
    fit_to_videos,
    hold_out,
    read_activitynet,
    read_charades,
    read_ego4d_nlq,
    read_jsonl,
    read_mad,
    read_tacos,
    require_videos,
    sniff,
)
from spotvmr.assembly.own_code import find
from spotvmr.config.schema import Config, DatasetConfig
from spotvmr.errors import UserError
from spotvmr.types import Query
from spotvmr.types.names import VIDEO_SUFFIXES
from spotvmr.worlds import WorldSettings, generate

log = logging.getLogger(__name__)

FORMATS = {
    "jsonl": read_jsonl,
    "qvhighlights": read_jsonl,  # has the generic format's keys; a name of its own for its official scores
    "ego4d-nlq": read_ego4d_nlq,
    "charades": read_charades,
    "tacos": read_tacos,
    "activitynet": read_activitynet,
    "mad": read_mad,
}
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Splits:
    """Queries by split, with the counts of the annotation policies and the file each split was read from."""

    by_name: Mapping[str, list[Query]]
    reports: Mapping[str, AnnotationReport]
    files: Mapping[str, str]

    def __getitem__(self, split: str) -> list[Query]:
        """The queries of a split that have a true moment, or none when the data set has no such split."""
        return [query for query in self.by_name.get(split, []) if query.moments]

    @property
    def facts(self) -> dict[str, dict[str, int | str]]:
        """File and counts of each split, for the run record."""
        return {split: {"file": self.files[split], **report.to_json()} for split, report in self.reports.items()}

    @property
    def queries(self) -> list[Query]:
        """All queries of all splits."""
        return list(chain.from_iterable(self.by_name.values()))

    def fitted(self, durations_s: Mapping[str, float], slack_s: float) -> Splits:
        """The splits with the moments that the videos really hold; says which videos are shorter than annotated.

        Args:
            durations_s: The length that each video really has, in seconds.
            slack_s: A difference up to which a length counts as rounded.
        """
        by_name, reports = dict(self.by_name), dict(self.reports)
        for split, queries in self.by_name.items():
            kept, counts = fit_to_videos(queries, durations_s, slack_s)
            annotated = {query.video_id: query.duration_s for query in queries}
            short = {v: s for v, s in annotated.items() if s - durations_s[v] > slack_s}
            if not short:
                continue
            first = next(iter(short))
            said = ", ".join(f"{name} {number}" for name, number in counts.items()) or "no moment lies past their end"
            log.warning(
                "%s: %d videos are shorter than annotated, first %s (%.1f of %.1f s); queries: %s",
                *(split, len(short), first, durations_s[first], short[first], said),
            )
            report = reports[split]
            total = {name: report.counts.get(name, 0) + counts.get(name, 0) for name in {**report.counts, **counts}}
            by_name[split], reports[split] = kept, replace(report, n_queries=len(kept), counts=total)
        return Splits(by_name, reports, self.files)


def make_world(config: Config) -> None:
    """Generate the data set's videos when it is a generated world; at once when they are there."""
    world = config.dataset.world
    if world is None:
        return
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("making videos", total=None)
        generate(
            WorldSettings(**asdict(world)),
            Path(config.dataset.root),
            progress=lambda done, total: progress.update(bar, completed=done, total=total),
        )


def load_splits(dataset: DatasetConfig) -> Splits:
    """Read the annotation files; without a validation file, hold out ``val_share`` of the training videos.

    Raises:
        UserError: Unknown format, absent folder or file, or a file that is not what the format says.
    """
    root = Path(dataset.root)
    if not root.is_dir():
        raise UserError(f"no folder {root} for data set {dataset.name}; set dataset.root=FOLDER or paths.data=FOLDER")
    files = {split: file for split in SPLITS if (file := getattr(dataset, split))}
    read = {split: read_annotations(dataset.format, root / file) for split, file in files.items()}
    if "train" in read and "val" not in read and dataset.val_share:
        read |= _validation_from_training(*read["train"], dataset.val_share)
        files["val"] = files["train"]
    for split in sorted(read, key=SPLITS.index):
        log.info("%s %s (%s): %s", dataset.name, split, files[split], read[split][1].summary())
    return Splits(
        {s: queries for s, (queries, _) in read.items()}, {s: report for s, (_, report) in read.items()}, files
    )


def read_annotations(name: str, path: Path) -> tuple[list[Query], AnnotationReport]:
    """Read an annotation file in the format of that name; a user's own is ``path/to/file.py:function``.

    Raises:
        UserError: Absent, or not what the format says; one of another data set gets a message that says so.
    """
    read = find("format", name, name if ".py:" in name else "", FORMATS)
    try:
        return cast("tuple[list[Query], AnnotationReport]", read(path))
    except UserError as error:
        likely = sniff(path)
        if likely is None or FORMATS[likely] is read or read not in FORMATS.values():
            raise
        raise UserError(f"{path} is no {name} file: this looks like {likely}; set dataset.format={likely}") from error


def _validation_from_training(
    queries: list[Query], report: AnnotationReport, share: float
) -> dict[str, tuple[list[Query], AnnotationReport]]:
    """Training and validation split of a training file, with their counts; ``rows`` of the first are the file's."""
    train, val = hold_out(queries, share)
    counts = report.counts | {"held out": len(val)}
    unscored = sum(not query.moments for query in val)
    val_report = AnnotationReport(len(val), len(val), {"without truth": unscored} if unscored else {})
    return {"train": (train, replace(report, counts=counts)), "val": (val, val_report)}


def find_videos(dataset: DatasetConfig, splits: Splits) -> dict[str, Path]:
    """The file of each video that has a query, in the order of the queries.

    Raises:
        UserError: The folder is absent, a query names a video that is not in it, or two files have its id.
    """
    folder = Path(dataset.root) / (dataset.videos or ".")
    if not folder.is_dir():
        raise UserError(f"no video folder {folder}; set dataset.videos to the folder below {dataset.root}")
    files = video_files(folder)
    require_videos(splits.queries, files, str(folder))
    found = {query.video_id: files[query.video_id] for query in splits.queries}
    for path in _videos_in(folder):
        if path.stem in found and path != found[path.stem]:
            other = found[path.stem].name
            raise UserError(f"two files in {folder} are video '{path.stem}': {path.name} and {other}; remove one")
    return found


def video_files(folder: Path) -> dict[str, Path]:
    """The video files of a folder by the ids of their videos."""
    return {path.stem: path for path in _videos_in(folder)}


def _videos_in(folder: Path) -> list[Path]:
    """The video files of a folder, sorted."""
    return [path for path in sorted(folder.iterdir()) if path.suffix.lower() in VIDEO_SUFFIXES]
