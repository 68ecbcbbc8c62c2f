"""The videos that the page may show: the files of one folder and no others."""

from __future__ import annotations

from pathlib import Path

from spotvmr.errors import UserError
from spotvmr.types.names import VIDEO_SUFFIXES


class VideoFolder:
    """Names and paths of the videos directly in a folder.

    A link to a file inside the folder is a video; a link to the outside is neither listed nor opened.

    Args:
        folder: The folder.

    Raises:
        UserError: It is absent, a file, cannot be read, or holds no video.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UserError(f"no such folder: {folder}; name one that holds videos: spotvmr app FOLDER")
        self.folder = folder.resolve()
        if not self.names():
            raise UserError(f"no video in {folder}: its files should end in {', '.join(VIDEO_SUFFIXES)}")

    def names(self) -> list[str]:
        """Sorted file names of the videos that the folder has now.

        Raises:
            UserError: The folder cannot be read.
        """
        try:
            return sorted(path.name for path in self.folder.iterdir() if self._is_ours(path))
        except OSError as error:
            raise UserError(f"cannot read folder {self.folder}: {error.strerror}; check its rights") from error

    def path(self, name: str) -> Path:
        """Resolved path of a video.

        Raises:
            UserError: No video of the folder has this name.
        """
        path = self.folder / name
        if path.parent != self.folder or name in ("", ".", "..") or "\0" in name or not self._is_ours(path):
            raise UserError(f"no video '{name}' in the folder: choose one of its list")
        return path.resolve()

    def _is_ours(self, path: Path) -> bool:
        """Whether a path is a video file that lies in the folder."""
        real = path.resolve()
        return path.suffix.lower() in VIDEO_SUFFIXES and real.is_relative_to(self.folder) and real.is_file()
