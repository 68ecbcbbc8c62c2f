"""Rules for names: video ids, which become file names, and the suffixes of video files."""

from __future__ import annotations

import re

from spotvmr.errors import UserError

VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mpg", ".mpeg")
"""Files with these suffixes are videos, in any case of letters."""
# File systems allow 255 bytes a name; the rest is for the suffixes of part files and temporary names.
_MAX_BYTES = 200
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f]")


def check_video_id(video_id: str) -> str:
    r"""Return ``video_id`` if it can be a file name inside a folder.

    Args:
        video_id: Name of a video, without folder or suffix.

    Raises:
        UserError: It is empty, ``.`` or ``..``, longer than 200 bytes, or holds ``/``, ``\``, a control
            character or what UTF-8 cannot hold.

    Example:
        >>> check_video_id("v_QOlSCBRmfWY")
        'v_QOlSCBRmfWY'
    """
    fault = _fault(video_id)
    if fault:
        raise UserError(f"video id {video_id[:60]!r} {fault}; rename the video and its annotations")
    return video_id


def _fault(video_id: str) -> str:
    """What is wrong with an id, or an empty string."""
    if video_id in ("", ".", ".."):
        return "names no file"
    if _FORBIDDEN.search(video_id):
        return "holds a path separator or a control character"
    try:
        size = len(video_id.encode())
    except UnicodeEncodeError:
        return "is not valid Unicode"
    return f"has {size} bytes, {_MAX_BYTES} are allowed" if size > _MAX_BYTES else ""
