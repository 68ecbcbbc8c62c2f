"""Videos are opened once, and no query waits for the indexing of another video."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spotvmr.app import Searcher, VideoFolder
from spotvmr.errors import UserError


class Retriever:
    """Stands in for a retriever: opening ``slow.mp4`` lasts until ``indexed`` is set."""

    def __init__(self) -> None:
        self.context = SimpleNamespace(budget=0.1)
        self.opened: list[str] = []
        self.begun, self.indexed = threading.Event(), threading.Event()

    def open(self, path: Path, _every_s: float | None) -> Any:
        self.opened.append(path.name)
        if path.name == "broken.mp4":
            raise UserError("broken")
        if path.name == "slow.mp4":
            self.begun.set()
            assert self.indexed.wait(60)
        return SimpleNamespace(ask=lambda query, budget: (path.name, query, budget))


@pytest.fixture
def searcher(tmp_path: Path) -> Searcher:
    for name in ("slow", "broken", *"abcde"):
        (tmp_path / f"{name}.mp4").touch()
    return Searcher(Retriever(), VideoFolder(tmp_path))  # type: ignore[arg-type]


def opened(searcher: Searcher) -> list[str]:
    return searcher._retriever.opened  # type: ignore[attr-defined, no-any-return]


def test_an_open_video_answers_while_another_is_indexed(searcher: Searcher) -> None:
    retriever: Any = searcher._retriever
    searcher.search("a.mp4", "first", 0.1)
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(searcher.search("slow.mp4", "q", 0.1))) for _ in "12"]
    for thread in threads:
        thread.start()
    assert retriever.begun.wait(60)
    assert searcher.search("a.mp4", "second", 0.2)[1] == ("a.mp4", "second", 0.2)
    assert searcher.search("b.mp4", "third", 0.2)[1] == ("b.mp4", "third", 0.2)
    assert not answers
    retriever.indexed.set()
    for thread in threads:
        thread.join(60)
    assert [answer for _, answer in answers] == [("slow.mp4", "q", 0.1)] * 2
    assert opened(searcher) == ["a.mp4", "slow.mp4", "b.mp4"]


def test_the_videos_searched_last_stay_open(searcher: Searcher) -> None:
    for name in "abcdaea":
        searcher.search(f"{name}.mp4", "q", 0.1)
    assert opened(searcher) == [f"{name}.mp4" for name in "abcde"]
    searcher.search("b.mp4", "q", 0.1)
    assert opened(searcher)[-1] == "b.mp4"


def test_a_video_that_cannot_be_opened_is_tried_again(searcher: Searcher) -> None:
    for _ in range(2):
        with pytest.raises(UserError, match="broken"):
            searcher.search("broken.mp4", "q", 0.1)
    assert opened(searcher) == ["broken.mp4"] * 2
