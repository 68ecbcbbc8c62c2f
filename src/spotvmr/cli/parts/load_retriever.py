"""Loads a retriever as the arguments of a command say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.cli.parsing.values import flag
from spotvmr.cli.parts.run_folder import run_folder
from spotvmr.config import Config
from spotvmr.errors import UserError

if TYPE_CHECKING:
    from spotvmr.retrieval import Retriever


def load_retriever(config: Config, arguments: Arguments) -> Retriever:
    """Load the run of ``run=``, or the two models of ``zero_shot=true``.

    A run is as it was trained, but for ``device`` and ``video.backend``, which are of this machine.

    Raises:
        UserError: No such run, or weights that are not here; both at once; ``zero_shot`` is neither true nor false.
    """
    from spotvmr.retrieval import Retriever

    options, paths = arguments.options, config.paths
    zero_shot = flag(options, "zero_shot")
    if zero_shot and "run" in options:
        raise UserError(f"zero_shot=true needs no run, but run={options['run']} is given: leave one of them out")
    if zero_shot:
        return Retriever.zero_shot(*arguments.overrides, cache=paths.cache, cache_gb=paths.cache_gb)
    folder = run_folder(config, arguments)
    return Retriever.from_run(folder, paths.cache, paths.cache_gb, config.device, config.video.backend)
