"""Making a world: videos in parallel, annotations, labels, and the record of what was made."""

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
from spotvmr.worlds.queries import QueryRow, annotate
from spotvmr.worlds.settings import SPLITS, VERSION, WorldSettings, rng_of, video_id_of
from spotvmr.worlds.story import tell
from spotvmr.worlds.track import trace

_CRF = 26  # about 40 kbit/s at 160x90


def generate(
    settings: WorldSettings, root: Path, workers: int = 2, progress: Callable[[int, int], None] | None = None
) -> None:
    """Make a world, or what is missing of it; returns at once when all is there.

    Writes ``videos/<video_id>.mp4``, ``labels/<video_id>.npz``, ``<split>.jsonl`` and ``world.json``. The same
    settings give the same files with any number of workers. Videos made with other settings are deleted.

    Args:
        settings: Of the world.
        root: Folder to fill; made when absent.
        workers: Processes; 1 works in this one.
        progress: Called with videos done and videos in all, after each.

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
        for count, _ in enumerate(in_processes(make_video, jobs, workers), start=len(wanted) - len(missing) + 1):
            if progress:
                progress(count, len(wanted))
        _finish(settings, root)


def _used(settings: WorldSettings) -> list[str]:
    return [split for split in SPLITS if settings.videos(split)]


def _prepare(settings: WorldSettings, root: Path, keep_videos: bool) -> None:
    """Drop what does not belong and write down whose videos these will be."""
    for folder in ("videos", "labels"):
        make_folder(root / folder)
    # First the mark, then the deletion: killed in between, the next call still knows the videos are not its own
    if not keep_videos:
        files.world_path(root).unlink(missing_ok=True)
    files.discard(root, files.ids(settings) if keep_videos else set())
    _write_world(settings, root, complete=False, splits={})


def _write_world(settings: WorldSettings, root: Path, complete: bool, splits: dict[str, object]) -> None:
    record = {"version": VERSION, "complete": complete, "settings": asdict(settings), "splits": splits}
    write_text_atomic(files.world_path(root), json.dumps(record, indent=1) + "\n")


def make_video(settings: WorldSettings, root: Path, split: str, number: int) -> None:
    """Write the labels and the video of one story; the video last, so that its presence means both.

    Args:
        settings: Of the world.
        root: Its folder.
        split: Of the video.
        number: Of the video within its split.

    Raises:
        UserError: The disk is full, or ``root`` cannot be written.
    """
    story, video_id = tell(settings, split, number), video_id_of(split, number)
    look = rng_of(settings, split, number, 1)
    track = trace(story, settings, look)
    files.write_arrays(files.labels_path(root, video_id), labels(story, track, settings))
    size = (settings.width, settings.height, settings.fps)
    with VideoWriter(files.video_path(root, video_id), *size, settings.keyframe_s, _CRF) as writer:
        for frame in Renderer(story, track, settings, look).frames():
            writer.write(frame)


def _finish(settings: WorldSettings, root: Path) -> None:
    """Write the annotations, which cost no pixels, and complete the record."""
    splits: dict[str, object] = {}
    for split in SPLITS:
        rows: list[QueryRow] = []
        events = 0
        for number in range(settings.videos(split)):
            story = tell(settings, split, number)
            rows += annotate(story, settings, split, number)
            events += len(story.events)
        if settings.videos(split):
            write_text_atomic(root / f"{split}.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
            splits[split] = {"videos": settings.videos(split), "events": events, "queries": len(rows)}
        else:
            (root / f"{split}.jsonl").unlink(missing_ok=True)
    _write_world(settings, root, complete=True, splits=splits)
