"""From configuration to queries and video files."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from spotvmr.annotations import AnnotationReport, read_jsonl, require_videos
from spotvmr.config.schema import Config, DatasetConfig
from spotvmr.config.suggest import did_you_mean
from spotvmr.errors import UserError
from spotvmr.types import Query
from spotvmr.worlds import WorldSettings, generate

log = logging.getLogger(__name__)

FORMATS = {"jsonl": read_jsonl}
SPLITS = ("train", "val", "test")
VIDEO_SUFFIXES = (".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v")


@dataclass(frozen=True)
class Splits:
    """Queries by split, with the counts of the annotation policies."""

    by_name: Mapping[str, list[Query]]
    reports: Mapping[str, AnnotationReport]

    def __getitem__(self, split: str) -> list[Query]:
        """The queries of a split that have a true moment, or none when the data set has no such split."""
        return [query for query in self.by_name.get(split, []) if query.moments]

    @property
    def queries(self) -> list[Query]:
        """All queries of all splits."""
        return list(chain.from_iterable(self.by_name.values()))


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
    """Read the annotation files.

    Raises:
        UserError: Unknown format, absent folder or file, or a file that is not what the format says.
    """
    if dataset.format not in FORMATS:
        raise UserError(f"unknown dataset.format '{dataset.format}': {did_you_mean(dataset.format, FORMATS)}")
    root = Path(dataset.root)
    if not root.is_dir():
        raise UserError(f"no folder {root} for data set {dataset.name}; set dataset.root=FOLDER or paths.data=FOLDER")
    read = {split: FORMATS[dataset.format](root / file) for split in SPLITS if (file := getattr(dataset, split))}
    for split, (_, report) in read.items():
        log.info("%s %s: %s", dataset.name, split, report.summary())
    return Splits({s: queries for s, (queries, _) in read.items()}, {s: report for s, (_, report) in read.items()})


def find_videos(dataset: DatasetConfig, splits: Splits) -> dict[str, Path]:
    """The file of each video that a query asks of, in the order of the queries.

    Raises:
        UserError: The folder is absent, or a query names a video that is not in it.
    """
    folder = Path(dataset.root) / (dataset.videos or ".")
    if not folder.is_dir():
        raise UserError(f"no video folder {folder}; set dataset.videos to the folder below {dataset.root}")
    files = {path.stem: path for path in sorted(folder.iterdir()) if path.suffix.lower() in VIDEO_SUFFIXES}
    require_videos(splits.queries, files, str(folder))
    return {query.video_id: files[query.video_id] for query in splits.queries}
