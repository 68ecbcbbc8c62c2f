"""The page in gradio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from spotvmr.app.searcher import OPEN_VIDEOS, Searcher
from spotvmr.app.view import answer_html, film_html, note_html
from spotvmr.errors import UserError
from spotvmr.retrieval.video import LONGEST_QUERY

_HINT = "Choose a video and type a query. The first query of a video indexes it."


def build_page(searcher: Searcher) -> Any:
    """The ``gradio.Blocks``: a list of videos, a player, a query, a budget, and the answer.

    Args:
        searcher: Searches the videos.
    """
    import gradio as gr

    names = searcher.folder.names()
    with gr.Blocks(analytics_enabled=False, title="spotvmr: search a video") as page:
        gr.HTML("<h1>Search a video</h1>")
        with gr.Row():
            with gr.Column(scale=3):
                name = gr.Dropdown(names, value=names[0], label="Video", elem_id="video", interactive=True)
                film = gr.HTML(film_html(names[0]), elem_id="film")
            with gr.Column(scale=4):
                with gr.Row():
                    query = gr.Textbox(label="Query", elem_id="query", max_length=LONGEST_QUERY, scale=5)
                    go = gr.Button("Search", variant="primary", elem_id="go", scale=1, min_width=90)
                budget = gr.Slider(
                    0.01, 1, searcher.budget, step=0.01, label="Budget: share of expert clips", elem_id="budget"
                )
                found = gr.HTML(note_html(_HINT), elem_id="found")

        def search(name: str | None, query: str, budget: float) -> Iterator[str]:
            yield from _search(searcher, name, query, budget)

        own: dict[str, Any] = {"api_visibility": "private"}
        page.load(lambda: gr.Dropdown(choices=searcher.folder.names()), None, name, **own)
        name.change(lambda name: (film_html(name), note_html(_HINT)), name, [film, found], **own)
        # gradio runs one call at a time by default: a query would wait while another video is indexed.
        own["concurrency_limit"] = OPEN_VIDEOS
        gr.on([go.click, query.submit], search, [name, query, budget], found, show_progress="hidden", **own)
    return page


def _search(searcher: Searcher, name: str | None, query: str, budget: float) -> Iterator[str]:
    """Yield a note that the search runs, then the answer or the error."""
    if not name:
        yield note_html("Choose a video first.", alert=True)
        return
    yield note_html(f"Searching {name} … the first query of a video indexes it.")
    try:
        video, answer = searcher.search(name, query, budget)
    except UserError as error:
        yield note_html(str(error), alert=True)
        return
    yield answer_html(answer, video.info.duration_s, video.index_stages)
