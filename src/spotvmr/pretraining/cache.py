"""Pool videos as memory maps of small frames with a table of labels. Clips may start at any sample."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from spotvmr.encoders.errands.blocks import resize
from spotvmr.encoders.errands.expert import ErrandsExpert
from spotvmr.encoders.errands.index import ErrandsIndex
from spotvmr.errors import UserError
from spotvmr.pretraining.heads import Classes
from spotvmr.system.files import whole_file
from spotvmr.system.fingerprint import fingerprint
from spotvmr.types import ClipGrid
from spotvmr.video import probe, stream_clips
from spotvmr.worlds import WorldSettings
from spotvmr.worlds.make_story import make_story
from spotvmr.worlds.settings import rng_of
from spotvmr.worlds.track import Track, trace

PER_CLIP = 10
"""Samples of a clip: every frame of the default world, so that a clip can start at any frame."""
_MOST_THINGS = 8

ROW = np.dtype([
    ("room", np.int16), ("action", np.int16), ("shape", np.int16), ("colour", np.int16),
    ("spots", np.float32, (2, 3)), ("pose", np.float32, (3,)), ("things", np.float32, (_MOST_THINGS, 4)),
])  # fmt: skip
"""Labels of one sample, as in ``FrameTargets``; the last class means none."""


@dataclass(frozen=True)
class PoolVideo:
    """One opened video of the pool.

    Attributes:
        video_id: Its name.
        index_frames: (N, 54, 96, 3), uint8, on disk.
        expert_frames: (N, 72, 128, 3), uint8, on disk.
        labels: (N,) of ``ROW``.
        busy_samples: Samples with an object at the hand, rising.
        queries: Queries as text, start and end in samples.
    """

    video_id: str
    index_frames: NDArray[np.uint8]
    expert_frames: NDArray[np.uint8]
    labels: NDArray[np.void]
    busy_samples: NDArray[np.int64]
    queries: tuple[tuple[str, float, float], ...]

    @property
    def samples(self) -> int:
        """Number of samples, N."""
        return len(self.labels)

    def busy(self, sample: int) -> bool:
        """Whether an object is at the hand."""
        return bool(self.labels[sample]["spots"][1, 2] > 0)

    def queries_at(self, sample: int) -> list[str]:
        """Queries whose moment covers a sample."""
        return [text for text, start, end in self.queries if start <= sample < end]


def open_pool(
    root: Path, cache: Path, clip_s: float, classes: Classes, progress: Callable[[int, int], None] | None = None
) -> list[PoolVideo]:
    """Open the pool of a generated data set; videos that are not in the cache are decoded.

    Args:
        root: Folder of the data set, with ``pool.jsonl``, ``videos`` and ``labels``.
        cache: Folder of decoded frames; a replaced video is decoded anew.
        clip_s: Length of a clip in seconds.
        classes: Numbers of classes of the world.
        progress: Called with the number of opened videos and the number of all videos.

    Raises:
        UserError: There is no pool, or a video cannot be read.
    """
    queries = _read_queries(root / "pool.jsonl", clip_s)
    videos = []
    for done, video_id in enumerate(queries, start=1):
        frames = _frames_of(root / "videos" / f"{video_id}.mp4", cache, clip_s)
        labels = label_table(root / "labels" / f"{video_id}.npz", len(frames[0]), clip_s, classes)
        busy = np.flatnonzero(labels["spots"][:, 1, 2] > 0)
        videos.append(PoolVideo(video_id, *frames, labels, busy, tuple(queries[video_id])))
        if progress:
            progress(done, len(queries))
    return videos


def _read_queries(path: Path, clip_s: float) -> dict[str, list[tuple[str, float, float]]]:
    """Queries of each video: text, start and end in samples."""
    if not path.is_file():
        raise UserError(f"{path} is absent: pre-training needs a pool, set dataset.world.pool_videos above zero")
    queries: dict[str, list[tuple[str, float, float]]] = {}
    for line in path.read_text().splitlines():
        row = json.loads(line)
        (start_s, end_s), scale = row["relevant_windows"][0], PER_CLIP / clip_s
        queries.setdefault(row["vid"], []).append((row["query"], start_s * scale, end_s * scale))
    return queries


def _frames_of(path: Path, cache: Path, clip_s: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Index and expert frames of a video as memory maps."""
    stem = f"{path.stem}-{fingerprint(path)}-{clip_s:g}"
    files = cache / f"{stem}.index.npy", cache / f"{stem}.expert.npy"
    if not all(file.is_file() for file in files):
        _decode(path, files, clip_s)
    index, expert = (np.load(file, mmap_mode="r") for file in files)
    return index, expert


def _decode(path: Path, files: tuple[Path, Path], clip_s: float) -> None:
    """Decode a video into two memory maps; both files appear when both are complete."""
    grid = ClipGrid(probe(path).duration_s, clip_s)
    sizes = [ErrandsIndex.size, ErrandsExpert.size]
    shapes = [(grid.n_clips * PER_CLIP, *size, 3) for size in sizes]
    with ExitStack() as stack:
        parts = [stack.enter_context(whole_file(file)) for file in files]
        maps = [open_memmap(p, mode="w+", dtype=np.uint8, shape=s) for p, s in zip(parts, shapes, strict=True)]
        for clip, frames in stream_clips(path, grid, PER_CLIP):
            pixels = torch.from_numpy(frames.pixels).permute(0, 3, 1, 2)
            for array, size in zip(maps, sizes, strict=True):
                array[clip * PER_CLIP : (clip + 1) * PER_CLIP] = resize(pixels, size).permute(0, 2, 3, 1).numpy()
        for array in maps:
            array.flush()


def label_table(path: Path, samples: int, clip_s: float, classes: Classes) -> NDArray[np.void]:
    """Labels at the middle of each sample's time, from the world's labels of each frame.

    Args:
        path: ``labels/<video_id>.npz``.
        samples: Number of samples, N.
        clip_s: Length of a clip in seconds.
        classes: Numbers of classes of the world.

    Returns:
        (N,) of ``ROW``.
    """
    with np.load(path) as found:
        world = dict(found)
    settings, track = _trace(path)
    times_s = (np.arange(samples) + 0.5) * clip_s / PER_CLIP
    frames = np.minimum((times_s * settings.fps).astype(np.int64), len(world["room"]) - 1)
    rows = np.zeros(samples, ROW)
    rows["room"] = world["room"][frames]
    none = {"action": classes.actions, "shape": classes.shapes, "colour": classes.colours}
    for name, source in (("action", "action"), ("shape", "object_shape"), ("colour", "object_colour")):
        rows[name] = np.where(world[source][frames] < 0, none[name], world[source][frames])
    held = world["object_shape"][frames] >= 0
    for spot, (place, seen) in enumerate(((world["hand_xy"], world["hand"][frames]), (world["object_xy"], held))):
        here = place[frames]
        rows["spots"][:, spot, :2] = here * 2 - 1
        rows["spots"][:, spot, 2] = seen & (here > 0).all(1) & (here < 1).all(1)
    rows["pose"] = np.stack([track.scale, np.cos(2 * np.pi * track.rotation), np.sin(2 * np.pi * track.rotation)], 1)[
        frames
    ]
    rows["things"] = _things(world, frames, held)
    return rows


def _things(
    world: dict[str, NDArray[np.generic]], frames: NDArray[np.int64], held: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Objects in view (N, M, 4); the held object is at the place of the hand."""
    things = np.zeros((len(frames), _MOST_THINGS, 4), np.float32)
    things[:, :, 2] = -1
    used = np.zeros(len(frames), np.int64)
    columns = ("obj_frame_start", "obj_frame_stop", "obj_shape", "obj_colour", "obj_xy")
    for start, stop, shape, colour, place in zip(*(world[name] for name in columns), strict=True):
        here = np.flatnonzero((frames >= start) & (frames < stop) & (used < _MOST_THINGS))
        f = frames[here]
        mine = held[here] & (world["object_shape"][f] == shape) & (world["object_colour"][f] == colour)
        xy = np.where(mine[:, None], world["object_xy"][f], place - world["cam_xy"][f])
        things[here, used[here]] = np.column_stack([xy * 2 - 1, np.full((len(f), 2), (shape, colour))])
        used[here] += 1
    outside = (np.abs(things[:, :, :2]) > 1).any(2)
    things[:, :, 2][outside] = -1
    return things


def _trace(labels: Path) -> tuple[WorldSettings, Track]:
    """The world's settings, and the state of each frame of a video, generated again from its seed."""
    settings = WorldSettings(**json.loads((labels.parents[1] / "world.json").read_text())["settings"])
    split, number = labels.stem.split("_")
    story = make_story(settings, split, int(number))
    return settings, trace(story, settings, rng_of(settings, split, int(number), 1))
