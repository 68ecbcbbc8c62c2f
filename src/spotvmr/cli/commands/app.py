"""``spotvmr app``: the page that searches the videos of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import number, whole_number
from spotvmr.cli.parts.load_retriever import load_retriever
from spotvmr.config import Config
from spotvmr.errors import UserError

_LAST_PORT = 65535


def run(config: Config, arguments: Arguments) -> dict[str, Any]:
    """Serve the page until interrupted.

    Without a folder it offers the videos of the data set.

    Returns:
        Folder and address.

    Raises:
        UserError: No folder with videos, no such run, an option out of its limits, a port that is taken, or no gradio.
    """
    if len(arguments.words) > 1:
        raise UserError(f"app takes one folder, not {len(arguments.words)}: put a name with spaces in quotes")
    options, dataset = arguments.options, config.dataset
    port = whole_number(options, "port", 7860)
    if port > _LAST_PORT:
        raise UserError(f"port={port} is out of its limits: must be at most {_LAST_PORT}; try port=7860")
    every_s = number(options, "every_s", 1.0) if "every_s" in options else None
    host = options.get("host", "127.0.0.1")
    from spotvmr.app import Searcher, VideoFolder, build_app, check_installed, listen, serve

    check_installed()
    folder = VideoFolder(Path(arguments.words[0] if arguments.words else f"{dataset.root}/{dataset.videos or ''}"))
    with listen(host, port) as listener:
        retriever = load_retriever(config, arguments)
        app = build_app(Searcher(retriever, folder, every_s), host)
        url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        arguments.show(f"{len(folder.names())} videos of {folder.folder} at {url} (Ctrl-C ends)")
        serve(app, listener)
    return {"folder": str(folder.folder), "url": url}
