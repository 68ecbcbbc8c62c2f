"""Builds a haystack: probe the clips, plan, write the videos in parallel; existing videos are reused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from spotvmr.errors import UserError
from spotvmr.haystack.assign_clips import assign_clips
from spotvmr.haystack.output import RECORD, annotation_rows, write_haystack_record, write_outputs
from spotvmr.haystack.settings import SPLITS, VERSION, HaystackSettings
from spotvmr.haystack.sources import find_sources, read_captions
from spotvmr.haystack.stitch import FrameFormat, StitchedClip, write_video
from spotvmr.haystack.timeline import Timeline
from spotvmr.system.files import disk_errors, make_folder, remove_leftovers, write_text_atomic
from spotvmr.system.processes import in_processes

_OWN = re.compile(rf"({'|'.join(SPLITS)})_\d{{4,}}")

Progress = Callable[[str, int, int], None]


def build(
    settings: HaystackSettings, root: Path, name: str, workers: int = 2, progress: Progress | None = None
) -> dict[str, Any]:
    """Build a haystack, or the missing part of it.

    Writes ``videos/<video_id>.mp4`` and ``plans/<video_id>.json`` (the position of each clip), ``<split>.jsonl``,
    ``<name>.yaml`` (the data set for ``dataset=``), ``near_duplicates.jsonl``, ``clips.json`` (facts of the
    clips) and ``haystack.json``. The same settings and clips give the same files with any number of workers; a video
    whose plan is unchanged is reused, all others of the haystack are replaced.

    Args:
        settings: Settings of the haystack.
        root: Output folder, created when absent.
        name: Name of the data set.
        workers: Number of processes; 1 uses this process.
        progress: Called with the kind of work, the number done, and the total.

    Returns:
        The content of ``haystack.json``.

    Raises:
        UserError: The captions cannot be read, too few clips can be read, no caption is unique in its video, the folder
            holds another data set, or the disk is full.
    """
    _check_folder(root)
    captions, blank_rows = read_captions(settings.captions)
    write_haystack_record(root, settings, {"complete": False})
    step = partial(progress, "clips probed") if progress else None
    sources, skipped = find_sources(settings.clips, captions, root / "clips.json", workers, step)
    if not sources:
        raise UserError(f"none of the {len(captions)} clips in {settings.clips} can be read; the first: "
                        f"{next(iter(skipped.values()))}")  # fmt: skip
    plans = assign_clips(settings, list(captions), sources)
    rows = annotation_rows(plans, settings.fps)
    for split in (split for split, videos in settings.videos_of().items() if videos):
        if not rows[split]:
            raise UserError(f"no caption of split {split} is unique in its video; give more clips, "
                            "more specific captions, or shorter videos")  # fmt: skip
    _make_videos(settings, root, plans, workers, progress)
    counts = {"clips": len(captions), "readable_clips": len(sources), "blank_rows": blank_rows, "skipped": skipped}
    return write_outputs(root, name, settings, plans, rows, counts)


def _check_folder(root: Path) -> None:
    """Refuse a folder with a data set that is no haystack."""
    if not (root / RECORD).is_file() and any(
        (root / name).exists() for name in ("videos", "train.jsonl", "test.jsonl")
    ):
        raise UserError(f"{root} holds another data set; choose another folder with out=FOLDER or name=NAME")


def _make_videos(
    settings: HaystackSettings, root: Path, plans: Mapping[str, Timeline], workers: int, progress: Progress | None
) -> None:
    frame_format = FrameFormat(settings.width, settings.height, settings.fps)
    texts = {video_id: _plan_text(timeline, frame_format) for video_id, timeline in plans.items()}
    with disk_errors(root):
        kept = _discard_others(root, texts)
    jobs = [
        (root, video_id, texts[video_id], _parts(timeline, settings.clips), frame_format)
        for video_id, timeline in plans.items()
        if video_id not in kept
    ]
    for done, _ in enumerate(in_processes(make_haystack_video, jobs, workers), start=len(kept) + 1):
        if progress:
            progress("videos", done, len(plans))


def _parts(timeline: Timeline, clips: Path) -> list[StitchedClip]:
    return [StitchedClip(clips / piece.source.file, piece.frames, piece.fade) for piece in timeline.pieces]


def make_haystack_video(
    root: Path, video_id: str, plan: str, parts: list[StitchedClip], frame_format: FrameFormat
) -> None:
    """Write one video, then its plan: the presence of a plan implies a complete video."""
    write_video(stitched_path(root, video_id), parts, frame_format)
    write_text_atomic(plan_path(root, video_id), plan)


def stitched_path(root: Path, video_id: str) -> Path:
    """``root/videos/<video_id>.mp4``."""
    return root / "videos" / f"{video_id}.mp4"


def plan_path(root: Path, video_id: str) -> Path:
    """``root/plans/<video_id>.json``."""
    return root / "plans" / f"{video_id}.json"


def _discard_others(root: Path, texts: Mapping[str, str]) -> set[str]:
    """Delete the videos of the haystack whose plan has changed; other files stay.

    Returns:
        Ids of the videos that stay.
    """
    kept = set()
    for folder in (root / "videos", root / "plans"):
        make_folder(folder)
        remove_leftovers(folder)
    own = {path.stem for name in ("videos", "plans") for path in (root / name).iterdir() if _OWN.fullmatch(path.stem)}
    for video_id in own:
        video, plan = stitched_path(root, video_id), plan_path(root, video_id)
        if video.is_file() and plan.is_file() and plan.read_text(encoding="utf-8") == texts.get(video_id):
            kept.add(video_id)
        else:
            plan.unlink(missing_ok=True)
            video.unlink(missing_ok=True)
    return kept


def _plan_text(timeline: Timeline, frame_format: FrameFormat) -> str:
    """Everything that determines the pixels of a video, as JSON lines."""
    head = {"version": VERSION, "width": frame_format.width, "height": frame_format.height, "fps": frame_format.fps}
    pieces = [
        {"clip": p.source.file, "bytes": p.source.size, "changed_ns": p.source.changed_ns,
         "start": p.start, "frames": p.frames, "fade": p.fade}
        for p in timeline.pieces
    ]  # fmt: skip
    return json.dumps({**head, "pieces": pieces}, indent=0) + "\n"
