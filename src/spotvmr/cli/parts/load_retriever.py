"""The retriever that the words of a command ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.config import Config
from spotvmr.errors import UserError

if TYPE_CHECKING:
    from spotvmr.retrieval import Retriever


def load_retriever(config: Config, arguments: Arguments) -> Retriever:
    """Load the run of ``run=``, or the two models of ``zero_shot=true``.

    Raises:
        UserError: No such run, or weights that are not here; both at once; ``zero_shot`` is neither true nor false.
    """
    from spotvmr.retrieval import Retriever

    options, paths = arguments.options, config.paths
    wanted = options.get("zero_shot", "false").lower()
    if wanted not in ("true", "false"):
        raise UserError(f"zero_shot={options['zero_shot']} is not understood: give true or false")
    if wanted == "true" and "run" in options:
        raise UserError(f"zero_shot=true needs no run, but run={options['run']} is given: leave one of them out")
    if wanted == "true":
        return Retriever.zero_shot(*arguments.overrides, cache=paths.cache, cache_gb=paths.cache_gb)
    folder = Path(options.get("run", f"{paths.runs}/{config.name}"))
    return Retriever.from_run(
        folder, paths.cache, paths.cache_gb, device=config.device, video_backend=config.video.backend
    )
