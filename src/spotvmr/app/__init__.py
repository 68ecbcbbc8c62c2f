"""A web page that searches the videos of a folder. Only this package imports gradio."""

from spotvmr.app.folder import VideoFolder
from spotvmr.app.searcher import Searcher
from spotvmr.app.server import build_app, check_installed, listen, serve

__all__ = ["Searcher", "VideoFolder", "build_app", "check_installed", "listen", "serve"]
