"""A search reads videos with the backend of its settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spotvmr.errors import UserError
from spotvmr.retrieval import Retriever
from spotvmr.video import installed_backends

Make = Callable[..., Retriever]
needs_decord = pytest.mark.skipif("decord" not in installed_backends(), reason="decord has wheels for x86-64 only")
QUERY = "when did I open the fridge"


@needs_decord
def test_decord_gives_the_answers_of_pyav(videos: Path, make_retriever: Make) -> None:
    found = {}
    for backend in ("pyav", "decord"):
        video = make_retriever(f"video.backend={backend}", cache=None).open(videos / "plain.mp4", progress=False)
        answer = video.ask(QUERY, budget=0.3)
        found[backend] = answer.moments, answer.clips
        assert answer.new_clips > 0
    assert found["decord"] == found["pyav"]


@needs_decord
@pytest.mark.parametrize("every_s", [None, 1.0])
def test_a_file_that_the_backend_does_not_read_exactly_is_refused(
    videos: Path, make_retriever: Make, every_s: float | None
) -> None:
    retriever = make_retriever("video.backend=decord", cache=None)
    with pytest.raises(UserError, match=r"^video.backend=decord cannot read .*cut\.mp4 exactly \(an edit list .*pyav"):
        retriever.open(videos / "cut.mp4", every_s, progress=False)


@needs_decord
def test_selected_clips_are_read_by_the_backend_as_well(videos: Path, make_retriever: Make, tmp_path: Path) -> None:
    make_retriever("video.backend=pyav").open(videos / "vp9.webm", progress=False)
    video = make_retriever("video.backend=decord").open(videos / "vp9.webm", progress=False)  # its index is cached
    with pytest.raises(UserError, match=r"video\.backend=decord cannot read"):
        video.ask(QUERY)
