"""``spotvmr config``: print the resolved settings."""

from __future__ import annotations

from spotvmr.cli.parsing.arguments import Arguments
from spotvmr.config import Config, Plain, as_plain, to_yaml


def run(config: Config, arguments: Arguments) -> Plain:
    """Print the settings as YAML.

    Returns:
        The settings as plain Python.
    """
    arguments.show(to_yaml(config))
    return as_plain(config)
