"""The run that the words of a command name."""

from __future__ import annotations

from pathlib import Path

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.config import Config
from spotvmr.errors import UserError


def run_folder(config: Config, arguments: Arguments) -> Path:
    """The folder of ``run=``, by default that of the configuration's name.

    Raises:
        UserError: There is no run.
    """
    folder = Path(arguments.options.get("run", f"{config.paths.runs}/{config.name}"))
    if not (folder / "config.yaml").is_file():
        raise UserError(f"no trained run at {folder}: train one with 'make train', or name another with run=FOLDER")
    return folder
