"""Tiny copies of the benchmarks, made in code: annotations in their own format, feature files as declared, videos."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np
import torch
from numpy.typing import NDArray

from spotvmr.assembly.imported import build_imported
from spotvmr.config import Config
from spotvmr.features.importers import ImportedFeatures
from spotvmr.video.writer import VideoWriter

SECONDS = 20.0
"""Length of every video."""
VERBS = ("opens the door", "throws the ball", "pours some milk")


class Line(NamedTuple):
    """A sentence with its moment."""

    video: str
    text: str
    start_s: float
    end_s: float


def videos_of(split: str) -> list[str]:
    """Four videos to train on, one of each other split."""
    return [f"{split}{number}" for number in range(4 if split == "train" else 1)]


def lines_of(split: str) -> list[Line]:
    """Three sentences a video."""
    return [
        Line(video, f"a person {verb} in {video}", 2.0 + 5 * n, 6.0 + 5 * n)
        for video in videos_of(split)
        for n, verb in enumerate(VERBS)
    ]


def annotate(config: Config) -> None:
    """Write the annotation files that a data set names."""
    for split in ("train", "val", "test"):
        if name := getattr(config.dataset, split):
            path = Path(config.dataset.root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _FORMATS[config.dataset.format](path, lines_of(split))


def write_features(config: Config) -> None:
    """Write random feature files for the encoders that are imported."""
    rng = np.random.default_rng(0)
    for role in ("index", "expert"):
        encoder = getattr(config, role)
        if encoder.family == "imported":
            source = build_imported(role, encoder, Path(config.dataset.root))
            for video in _videos(config):
                _write_features(source, video, rng)


def write_videos(config: Config) -> None:
    """Write a video of noise under every name."""
    folder = Path(config.dataset.root) / str(config.dataset.videos)
    rng, first, *others = np.random.default_rng(0), *(folder / f"{video}.mp4" for video in _videos(config))
    with VideoWriter(first, width=64, height=48, fps=4) as writer:
        for _ in range(round(4 * SECONDS)):
            writer.write(rng.integers(0, 255, (48, 64, 3), dtype=np.uint8))
    for path in others:
        shutil.copy(first, path)


def _videos(config: Config) -> list[str]:
    """The videos of all annotation files."""
    return [video for split in ("train", "val", "test") if getattr(config.dataset, split) for video in videos_of(split)]


def _write_features(source: ImportedFeatures, video: str, rng: np.random.Generator) -> None:
    name, seconds = (f"rec-{video}", 3 * SECONDS) if source.recordings else (video, SECONDS)
    count = max(1, round(source.times.rate * seconds))
    for part, dim in source.parts.items():
        rows = rng.standard_normal((count, dim)).astype(np.float16)
        _LAYOUTS[source.layout](source.paths[part], source.key, name, rows)


def _h5(path: Path, key: str, video: str, rows: NDArray[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "a") as file:
        file[(key or "{video}").replace("{video}", video)] = rows


def _npz(folder: Path, key: str, video: str, rows: NDArray[Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(folder / f"{video}.npz", **{key: rows})


def _npy(folder: Path, _key: str, video: str, rows: NDArray[Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{video}.npy", rows)


def _pt(folder: Path, _key: str, video: str, rows: NDArray[Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(torch.from_numpy(rows), folder / f"{video}.pt")


_LAYOUTS: dict[str, Callable[[Path, str, str, NDArray[Any]], None]] = {"h5": _h5, "npz": _npz, "npy": _npy, "pt": _pt}


def _by_video(lines: list[Line]) -> Iterator[tuple[str, list[Line]]]:
    for video in dict.fromkeys(line.video for line in lines):
        yield video, [line for line in lines if line.video == video]


def _jsonl(path: Path, lines: list[Line]) -> None:
    rows = [
        {"qid": n, "query": line.text, "vid": line.video, "duration": SECONDS,
         "relevant_windows": [[line.start_s, line.end_s]]}
        for n, line in enumerate(lines)
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def _charades(path: Path, lines: list[Line]) -> None:
    path.write_text("".join(f"{line.video} {line.start_s} {line.end_s}##{line.text}\n" for line in lines))
    split = path.stem.removeprefix("charades_sta_")
    rows = "".join(f"{video},{SECONDS}\n" for video, _ in _by_video(lines))
    (path.parent / f"Charades_v1_{split}.csv").write_text(f"id,length\n{rows}")


def _activitynet(path: Path, lines: list[Line]) -> None:
    content = {
        video: {
            "duration": SECONDS,
            "timestamps": [[line.start_s, line.end_s] for line in own],
            "sentences": [line.text for line in own],
        }
        for video, own in _by_video(lines)
    }
    path.write_text(json.dumps(content))


def _tacos(path: Path, lines: list[Line]) -> None:
    content = {
        f"{video}.avi": {
            "fps": 30.0,
            "num_frames": int(SECONDS * 30),
            "timestamps": [[round(30 * line.start_s), round(30 * line.end_s)] for line in own],
            "sentences": [line.text for line in own],
        }
        for video, own in _by_video(lines)
    }
    path.write_text(json.dumps(content))


def _mad(path: Path, lines: list[Line]) -> None:
    content = {
        f"{path.stem}-{n}": {
            "movie": line.video,
            "movie_duration": SECONDS,
            "timestamps": [line.start_s, line.end_s],
            "sentence": line.text,
        }
        for n, line in enumerate(lines)
    }
    path.write_text(json.dumps(content))


def _ego4d(path: Path, lines: list[Line]) -> None:
    # Every clip is the middle third of a recording of its own.
    recordings = [
        {
            "video_uid": f"rec-{video}",
            "clips": [
                {
                    "clip_uid": video,
                    "video_start_sec": SECONDS,
                    "video_end_sec": 2 * SECONDS,
                    "annotations": [
                        {
                            "annotation_uid": f"note-{video}",
                            "language_queries": [
                                {"query": line.text, "clip_start_sec": line.start_s, "clip_end_sec": line.end_s}
                                for line in own
                            ],
                        }
                    ],
                }
            ],
        }
        for video, own in _by_video(lines)
    ]
    path.write_text(json.dumps({"version": "1", "videos": recordings}))


_FORMATS: dict[str, Callable[[Path, list[Line]], None]] = {
    "jsonl": _jsonl,
    "qvhighlights": _jsonl,
    "charades": _charades,
    "activitynet": _activitynet,
    "tacos": _tacos,
    "mad": _mad,
    "ego4d-nlq": _ego4d,
}
