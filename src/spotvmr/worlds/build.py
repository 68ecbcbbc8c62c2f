"""Generates a world: videos in parallel, annotations, labels, and a record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from spotvmr.system.files import disk_errors, make_folder, write_text_atomic
from spotvmr.system.processes import in_processes
from spotvmr.video.writer import VideoWriter
from spotvmr.worlds import files
from spotvmr.worlds.drawing.render import Renderer
from spotvmr.worlds.labels import labels
from spotvmr.worlds.make_story import make_story
from spotvmr.worlds.queries import QueryRow, query_rows
from spotvmr.worlds.settings import SPLITS, VERSION, WorldSettings, rng_of, video_id_of
from spotvmr.worlds.track import trace

_CRF = 26  # about 40 kbit/s at 160x90


def generate(
    settings: WorldSettings, root: Path, workers: int = 2, progress: Callable[[int, int], None] | None = None
) -> None:
    """Generate a world, or the missing part of it; return at once when it is complete.

    Writes ``videos/<video_id>.mp4``, ``labels/<video_id>.npz``, ``<split>.jsonl`` and ``world.json``. The same
    settings give the same files with any number of workers. Videos made with other settings are deleted.

    Args:
        settings: Settings of the world.
        root: Output folder, created when absent.
        workers: Number of processes; 1 uses this process.
        progress: Called after each video with the number of finished videos and the total.

    Raises:
        UserError: The disk is full, or ``root`` cannot be written.
    """
    wanted = files.wanted(settings)
    missing = [(s, n) for s, n in wanted if not files.is_there(root, video_id_of(s, n))]
    found = files.read_world(root)
    done = found.get("complete") and found.get("settings") == asdict(settings) and found.get("version") == VERSION
    if done and not missing and all((root / f"{split}.jsonl").is_file() for split in _used(settings)):
        return
    with disk_errors(root):
        _prepare(settings, root, files.same_pixels(found, settings))
        missing = [(s, n) for s, n in wanted if not files.is_there(root, video_id_of(s, n))]
        jobs = [(settings, root, split, number) for split, number in missing]
        for count, _ in enumerate(in_processes(make_world_video, jobs, workers), start=len(wanted) - len(missing) + 1):
            if progress:
                progress(count, len(wanted))
        _finish(settings, root)


def _used(settings: WorldSettings) -> list[str]:
    return [split for split in SPLITS if settings.videos(split)]


def _prepare(settings: WorldSettings, root: Path, keep_videos: bool) -> None:
    """Delete videos of other settings and record the new settings."""
    for folder in ("videos", "labels"):
        make_folder(root / folder)
    # Delete the record before the videos: after a kill in between, the next call still deletes the old videos
    if not keep_videos:
        files.world_path(root).unlink(missing_ok=True)
    files.discard(root, files.ids(settings) if keep_videos else set())
    _write_world(settings, root, complete=False, splits={})


def _write_world(settings: WorldSettings, root: Path, complete: bool, splits: dict[str, object]) -> None:
    record = {"version": VERSION, "complete": complete, "settings": asdict(settings), "splits": splits}
    write_text_atomic(files.world_path(root), json.dumps(record, indent=1) + "\n")


def make_world_video(settings: WorldSettings, root: Path, split: str, number: int) -> None:
    """Write labels and video of one story; the video comes last, so that its presence implies the labels.

    Args:
        settings: Settings of the world.
        root: Folder of the world.
        split: Split of the video.
        number: Number of the video within its split.

    Raises:
        UserError: The disk is full, or ``root`` cannot be written.
    """
    story, video_id = make_story(settings, split, number), video_id_of(split, number)
    style_rng = rng_of(settings, split, number, 1)
    track = trace(story, settings, style_rng)
    files.write_arrays(files.labels_path(root, video_id), labels(story, track, settings))
    size = (settings.width, settings.height, settings.fps)
    with VideoWriter(files.video_path(root, video_id), *size, settings.keyframe_s, _CRF) as writer:
        for frame in Renderer(story, track, settings, style_rng).frames():
            writer.write(frame)


def _finish(settings: WorldSettings, root: Path) -> None:
    """Write the annotations and mark the record as complete."""
    splits: dict[str, object] = {}
    for split in SPLITS:
        rows: list[QueryRow] = []
        events = 0
        for number in range(settings.videos(split)):
            story = make_story(settings, split, number)
            rows += query_rows(story, settings, split, number)
            events += len(story.events)
        if settings.videos(split):
            write_text_atomic(root / f"{split}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
            splits[split] = {"videos": settings.videos(split), "events": events, "queries": len(rows)}
        else:
            (root / f"{split}.jsonl").unlink(missing_ok=True)
    _write_world(settings, root, complete=True, splits=splits)
