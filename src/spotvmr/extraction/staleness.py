"""Notices that a video was replaced after its features were made."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from spotvmr.errors import UserError
from spotvmr.system.files import write_text_atomic
from spotvmr.system.fingerprint import fingerprint

log = logging.getLogger(__name__)


def drop_stale(stores: Sequence[Path], videos: Mapping[str, Path]) -> None:
    """Delete stores made from videos that have changed since; note the videos as they are now.

    Features can be made again at any time; wrong ones would go unnoticed.

    Args:
        stores: Store folders; ``sources.json`` beside them tells what their videos looked like.
        videos: Path of each video.

    Raises:
        UserError: A video cannot be read, or the note is damaged or cannot be written.
    """
    now = {video_id: fingerprint(path) for video_id, path in videos.items()}
    for store in stores:
        note = store.with_name(f"{store.name}.sources.json")
        before = _read_note(note)
        changed = [v for v, mark in now.items() if before.get(v, mark) != mark]
        if changed:
            log.info("%s was made from other videos (%s, …): extracting anew", store, changed[0])
            for folder in (store, store.with_name(f"{store.name}.parts")):
                shutil.rmtree(folder, ignore_errors=True)
            before = {}
        if before != before | now:
            write_text_atomic(note, json.dumps(before | now))


def _read_note(note: Path) -> dict[str, str]:
    """What the videos of a store looked like; empty where nobody wrote it down."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UserError(f"{note} is damaged; delete it and the store beside it, which is then made again")
    return found
