"""Serves the page and the videos of its folder."""

from __future__ import annotations

import socket
from importlib import resources
from importlib.util import find_spec
from typing import Any

from spotvmr.app.page import build_page
from spotvmr.app.searcher import Searcher
from spotvmr.errors import UserError

_LOCAL = ("127.0.0.1", "localhost")
_FONT = ["system-ui", "sans-serif"]


def check_installed() -> None:
    """Refuse to start without gradio.

    Raises:
        UserError: The extra ``app`` is not installed.
    """
    if find_spec("gradio") is None:
        raise UserError("the page needs gradio, which is not installed: pip install 'spotvmr[app]'")


def build_app(searcher: Searcher, host: str = "127.0.0.1") -> Any:
    """Build the web application.

    A separate route serves the videos of the folder. The route of gradio would copy each file first and follow links
    to any place, so gradio may serve no file.

    Args:
        searcher: Searches the videos.
        host: Address to listen at. At a local address, requests to other host names are refused, which prevents DNS
            rebinding by other web pages.
    """
    import gradio as gr
    from fastapi import FastAPI
    from starlette.middleware.trustedhost import TrustedHostMiddleware
    from starlette.requests import Request
    from starlette.responses import FileResponse, PlainTextResponse, Response
    from starlette.routing import Route

    def film(request: Request) -> Response:
        try:
            return FileResponse(searcher.folder.path(request.path_params["name"]))
        except UserError as error:
            return PlainTextResponse(str(error), 404)

    app = FastAPI(routes=[Route("/film/{name}", film)], openapi_url=None)
    if host in _LOCAL:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(_LOCAL))
    return gr.mount_gradio_app(
        app,
        build_page(searcher),
        path="/",
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        max_file_size="1kb",  # the page takes no files
        theme=gr.themes.Base(font=_FONT, font_mono=["ui-monospace", "monospace"]),
        css=_asset("page.css"),
        head=f"<script>{_asset('page.js')}</script>",
    )


def serve(app: Any, listener: socket.socket) -> None:
    """Serve until interrupted.

    Args:
        app: From ``build_app``.
        listener: From ``listen``.
    """
    import uvicorn

    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Open a port.

    Raises:
        UserError: It is taken, forbidden, or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, OverflowError) as error:
        listener.close()
        message = f"cannot listen at {host} port {port} ({error}): try another port= or host=127.0.0.1"
        raise UserError(message) from error
    return listener


def _asset(name: str) -> str:
    return (resources.files("spotvmr.app") / "assets" / name).read_text(encoding="utf-8")
