"""Files beside the videos: annotations, data set YAML, near duplicates, and the record of the haystack."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from spotvmr.haystack.settings import SPLITS, VERSION, HaystackSettings
from spotvmr.haystack.text import near_duplicates
from spotvmr.haystack.timeline import Timeline
from spotvmr.system.files import write_text_atomic

RECORD = "haystack.json"

HaystackRow = dict[str, Any]
"""One line of an annotation file."""


def annotation_rows(plans: Mapping[str, Timeline], fps: int) -> dict[str, list[HaystackRow]]:
    """The annotation rows of each split: one caption, one moment, with the times of the frames at its borders."""
    rows: dict[str, list[HaystackRow]] = {split: [] for split in SPLITS}
    for video_id, timeline in plans.items():
        for number, (caption, first, end) in enumerate(timeline.moments()):
            rows[video_id.partition("_")[0]].append({
                "qid": f"{video_id}_{number:05d}",
                "query": caption,
                "vid": video_id,
                "duration": _seconds(timeline.n_frames, fps),
                "relevant_windows": [[_seconds(first, fps), _seconds(end, fps)]],
            })  # fmt: skip
    return rows


def _seconds(frame: int, fps: int) -> float:
    """Start of a frame in seconds."""
    return round(frame / fps, 6)


def write_outputs(
    root: Path,
    name: str,
    settings: HaystackSettings,
    plans: Mapping[str, Timeline],
    rows: Mapping[str, Sequence[HaystackRow]],
    clips: Mapping[str, Any],
) -> dict[str, Any]:
    """Write all files except the videos; the record comes last.

    Returns:
        The content of the record.
    """
    used = [split for split in SPLITS if rows[split]]
    for split in SPLITS:
        if split in used:
            _write_lines(root / f"{split}.jsonl", rows[split])
        else:
            (root / f"{split}.jsonl").unlink(missing_ok=True)
    pairs = near_duplicates({split: [row["query"] for row in rows[split]] for split in used})
    _write_lines(root / "near_duplicates.jsonl", [asdict(pair) for pair in pairs])
    write_text_atomic(root / f"{name}.yaml", _dataset_yaml(root, name, settings, used))
    splits = {split: _counts([t for v, t in plans.items() if v.startswith(split)], rows[split]) for split in used}
    facts = {"complete": True, "name": name, **clips, "splits": splits, "near_duplicates": len(pairs)}
    return write_haystack_record(root, settings, facts)


def write_haystack_record(root: Path, settings: HaystackSettings, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write ``haystack.json``. It is written first, to mark the folder, and last, with ``complete``."""
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in asdict(settings).items()}
    record = {"version": VERSION, "settings": plain, **facts}
    write_text_atomic(root / RECORD, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    return record


def _counts(timelines: Sequence[Timeline], rows: Sequence[HaystackRow]) -> dict[str, int]:
    """Videos, pieces and queries of a split; ``repeated`` counts pieces of clips that appear several times."""
    files = [Counter(piece.source.file for piece in timeline.pieces) for timeline in timelines]
    return {
        "videos": len(timelines),
        "clips": len(set().union(*files)),
        "pieces": sum(map(Counter.total, files)),
        "repeated": sum(n for counts in files for n in counts.values() if n > 1),
        "queries": len(rows),
    }


def _write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    write_text_atomic(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _dataset_yaml(root: Path, name: str, settings: HaystackSettings, used: Sequence[str]) -> str:
    """The YAML for ``dataset=``; its path is absolute, so that the file works from any folder."""
    head = (
        f"# Haystack: {settings.videos} videos of {settings.minutes:g} min from {settings.clips.name}, borders "
        f"{settings.borders}, seed {settings.seed}; made by `spotvmr haystack`.\n"
        f"#   spotvmr train dataset={root / name}.yaml\n"
        "# Encoders for real footage: index=mobileclip2-s0 expert=vit-l-14\n"
    )
    files = {split: f"{split}.jsonl" if split in used else None for split in SPLITS}
    tree = {"name": name, "format": "jsonl", "root": str(root.resolve()), **files, "videos": "videos", "clip_s": 1.0}
    return head + yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)
