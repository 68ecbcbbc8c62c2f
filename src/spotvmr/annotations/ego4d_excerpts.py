"""The recordings from which the clips of Ego4D NLQ were cut. The official features are of whole recordings."""

from __future__ import annotations

from pathlib import Path

from spotvmr.annotations.fields import fields_of, identifier, listed, number
from spotvmr.annotations.sources import read_json
from spotvmr.types.excerpt import Excerpt


def read_ego4d_excerpts(path: Path) -> dict[str, Excerpt]:
    """Read the position of each clip of an NLQ file in its recording.

    Keys, outside in: ``videos`` [``video_uid``, ``clips`` [``clip_uid``, ``video_start_sec``]].

    Args:
        path: ``nlq_train.json``, ``nlq_val.json`` or ``nlq_test_unannotated.json``.

    Returns:
        The recording and the start of each clip.

    Raises:
        UserError: The file is absent or not this format.
    """
    found = {}
    for n_video, video in enumerate(listed(fields_of(read_json(path), str(path)), "videos", str(path))):
        where = f"{path}, video {n_video}"
        content = fields_of(video, where)
        recording_id = identifier(content, "video_uid", where)
        for n_clip, clip in enumerate(listed(content, "clips", where)):
            fields = fields_of(clip, f"{where}, clip {n_clip}")
            clip_uid = identifier(fields, "clip_uid", f"{where}, clip {n_clip}")
            start_s = number(fields, "video_start_sec", "in seconds", f"{path}, clip {clip_uid}")
            found[clip_uid] = Excerpt(recording_id, max(0.0, start_s))
    return found
