"""Videos that were replaced after their features were made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from spotvmr.errors import UserError
from spotvmr.features.parts import remove_parts
from spotvmr.system.files import write_text_atomic
from spotvmr.system.fingerprint import fingerprint


class SourceNotes:
    """What the videos of a store looked like when their features were made.

    ``<store>.sources.json`` beside the store has a mark of each video. While features of replaced videos are made,
    ``<store>.replaced.json`` has the marks of the new files: parts that a killed run left of them stay valid.

    Args:
        store: Folder of the store.
        videos: Path of each video now.

    Raises:
        UserError: A video cannot be read, or a note is damaged or cannot be written.
    """

    def __init__(self, store: Path, videos: Mapping[str, Path]) -> None:
        self._path = store.with_name(f"{store.name}.sources.json")
        self._pending = store.with_name(f"{store.name}.replaced.json")
        self._now = {video_id: fingerprint(path) for video_id, path in videos.items()}
        before, begun = _read(self._path), _read(self._pending)
        self.replaced = frozenset(v for v, mark in self._now.items() if before.get(v, mark) != mark)
        """Videos that have changed since."""
        remove_parts(store, [video for video in self.replaced if begun.get(video) != self._now[video]])
        _write(self._pending, begun, {video: self._now[video] for video in self.replaced})
        # New videos are noted before their features are made: one that is replaced meanwhile is noticed next time.
        _write(self._path, before, {v: mark for v, mark in self._now.items() if v not in before})

    def confirm(self) -> None:
        """Note that the features of the replaced videos are those of the videos now.

        Raises:
            UserError: The note cannot be written.
        """
        _write(self._path, _read(self._path), self._now)
        self._pending.unlink(missing_ok=True)


def _write(path: Path, before: Mapping[str, str], new: Mapping[str, str]) -> None:
    after = {**before, **new}
    if after != before:
        write_text_atomic(path, json.dumps(after))


def _read(note: Path) -> dict[str, str]:
    """Marks by video; empty where nobody wrote them down."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UserError(f"{note} is damaged; delete it and the store beside it, which is then made again")
    return found
