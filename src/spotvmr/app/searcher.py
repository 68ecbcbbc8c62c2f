"""Asking the videos of a folder; those asked last stay open."""

from __future__ import annotations

import threading
from collections import OrderedDict

from spotvmr.app.folder import VideoFolder
from spotvmr.retrieval import Answer, Retriever, Video

_OPEN = 4
"""Videos kept open: each holds its index and expert features in memory."""


class Searcher:
    """Opens videos by name and asks them; may be used from several threads.

    Args:
        retriever: Answers.
        folder: The videos.
        every_s: Seconds between index frames of a full decode; None reads key frames alone.
    """

    def __init__(self, retriever: Retriever, folder: VideoFolder, every_s: float | None = None) -> None:
        self.folder, self.budget = folder, retriever.context.budget
        self._retriever, self._every_s = retriever, every_s
        self._guard = threading.Lock()
        self._videos: OrderedDict[str, Video] = OrderedDict()

    def ask(self, name: str, query: str, budget: float) -> tuple[Video, Answer]:
        """Ask a video of the folder.

        Args:
            name: Its file name.
            query: The sentence.
            budget: Share of the clips that may be looked at.

        Raises:
            UserError: No such video, one that cannot be read, or a query or budget out of its limits.
        """
        with self._guard:
            path = self.folder.path(name)
            video = self._videos.pop(name, None) or self._retriever.open(path, self._every_s)
            self._videos[name] = video
            if len(self._videos) > _OPEN:
                self._videos.popitem(last=False)
        return video, video.ask(query, budget)
