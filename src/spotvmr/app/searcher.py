"""Searches the videos of a folder; the videos searched last stay open."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from spotvmr.app.folder import VideoFolder
from spotvmr.retrieval import Answer, Retriever, Video

OPEN_VIDEOS = 4
"""Videos that stay open: each holds its index and expert features in memory."""


@dataclass
class _OpenVideo:
    """A video of the folder; ``video`` is None until it is opened, and ``lock`` is held while it is opened."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    video: Video | None = None


class Searcher:
    """Opens videos by name and searches them.

    Several threads may use it. A query on one video does not wait while another video is indexed.

    Args:
        retriever: Opens the videos.
        folder: The videos.
        every_s: Seconds between index frames of a full decode; None reads key frames only.
    """

    def __init__(self, retriever: Retriever, folder: VideoFolder, every_s: float | None = None) -> None:
        self.folder, self.budget = folder, retriever.context.budget
        self._retriever, self._every_s = retriever, every_s
        self._lock = threading.Lock()
        self._entries: OrderedDict[str, _OpenVideo] = OrderedDict()

    def search(self, name: str, query: str, budget: float) -> tuple[Video, Answer]:
        """Search a video of the folder.

        Args:
            name: Its file name.
            query: The sentence.
            budget: Share of the clips that the query may select.

        Raises:
            UserError: No such video, one that cannot be read, or a query or budget out of its limits.
        """
        path = self.folder.path(name)
        with self._lock:
            entry = self._entries.setdefault(name, _OpenVideo())
            self._entries.move_to_end(name)
            if len(self._entries) > OPEN_VIDEOS:
                self._entries.popitem(last=False)
        with entry.lock:
            if entry.video is None:
                entry.video = self._retriever.open(path, self._every_s)
            video = entry.video
        return video, video.ask(query, budget)
